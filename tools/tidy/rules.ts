import type { Rule } from './rule.ts';
import { booleanParameters, complexity, nesting, parameters } from './rules/complexity.ts';
import { deadFiles, unusedExports, untestedFiles } from './rules/unused.ts';
import { declaredDependencies, runtimeDependencies } from './rules/packages.ts';
import { docComments, links } from './rules/docs.ts';
import { duplicates } from './rules/duplicates.ts';
import { environment, errors, realSleeps, sockets, time } from './rules/effects.ts';
import { fileLength, functionLength, serviceSize, testRatio } from './rules/size.ts';
import { fileSize, lockfile, machinePaths } from './rules/repository.ts';
import { barrels, importCycles, importLadder } from './rules/modules.ts';
import { casts, noAny } from './rules/types.ts';

/** Every measure, in the order of the table. */
export const rules: Rule[] = [
  fileLength,
  functionLength,
  complexity,
  nesting,
  parameters,
  booleanParameters,
  noAny,
  casts,
  importCycles,
  importLadder,
  barrels,
  environment,
  time,
  sockets,
  duplicates,
  errors,
  deadFiles,
  unusedExports,
  declaredDependencies,
  runtimeDependencies,
  testRatio,
  untestedFiles,
  realSleeps,
  docComments,
  serviceSize,
  links,
  lockfile,
  machinePaths,
  fileSize,
];
