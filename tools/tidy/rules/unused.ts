import {
  isClassDeclaration,
  isExportDeclaration,
  isFunctionDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isNamedExports,
  isTypeAliasDeclaration,
  isVariableStatement,
  type Node,
} from 'typescript/unstable/ast';
import { importsOf } from '../imports.ts';
import { findAll, isExported, lineOf } from '../parse.ts';
import { isMigration, isProduct, type Project, type Unit } from '../project.ts';
import { entryPoints, reachable, startedByName } from '../reach.ts';
import { counted, type Rule } from '../rule.ts';

/** Names that other programs look for in a module. */
const calledByName = new Set(['mochaGlobalSetup', 'mochaGlobalTeardown', 'module.exports']);

export const deadFiles: Rule = {
  name: 'files that nothing uses',
  target: '0',
  check(project) {
    const used = reachable(project, entryPoints(project));
    const dead = project.units.filter(({ path }) => !used.has(path) && !path.endsWith('.d.ts'));
    return counted(
      dead.map(({ path }) => ({ path, line: 0, message: 'nothing imports or starts it' })),
    );
  },
};

export const unusedExports: Rule = {
  name: 'exports that nothing imports',
  target: '0',
  check(project) {
    const taken = takenNames(project);
    const free = project.units.flatMap((unit) =>
      exportedNames(unit)
        .filter(({ name }) => !isTaken(taken.get(unit.path), name))
        // The type of an argument or result is exported so that callers can name it.
        .filter(({ name, isType }) => !isType || mentions(unit, name) < 2)
        .map(({ name, line }) => ({ path: unit.path, line, message: `nothing imports ${name}` })),
    );
    return counted(free.filter(({ path }) => !isMigration(path)));
  },
};

export const untestedFiles: Rule = {
  name: 'source files that no test reaches',
  target: '0',
  check(project) {
    const tests = project.units.map(({ path }) => path).filter((path) => path.endsWith('.test.ts'));
    // The whole-system tests boot the programs that the manifests name.
    const bootsSystem = tests.some((path) => path.startsWith('test/'));
    const programs = bootsSystem ? startedByName(project) : [];
    const own = tests.map((path) => path.replace(/\.test\.ts$/, '.ts'));
    const reached = reachable(project, [...tests, ...own, ...programs]);
    const untested = project.units.filter(({ path }) => {
      return isProduct(path) && !isMigration(path) && !reached.has(path) && !path.includes('/web/');
    });
    return counted(untested.map(({ path }) => ({ path, line: 0, message: 'no test reaches it' })));
  },
};

function takenNames(project: Project): Map<string, Set<string>> {
  const taken = new Map<string, Set<string>>();
  for (const { file, names } of [...importsOf(project).values()].flat()) {
    if (file === undefined) continue;
    const known = taken.get(file) ?? new Set();
    for (const name of names) known.add(name);
    taken.set(file, known);
  }
  return taken;
}

function isTaken(taken: Set<string> | undefined, name: string): boolean {
  return calledByName.has(name) || (taken?.has(name) ?? false) || (taken?.has('*') ?? false);
}

function exportedNames({ ast }: Unit) {
  return ast.statements.flatMap((statement) => {
    const isType = isTypeAliasDeclaration(statement) || isInterfaceDeclaration(statement);
    return namesOf(statement).map((name) => ({ name, isType, line: lineOf(ast, statement) }));
  });
}

function mentions({ ast }: Unit, name: string): number {
  return findAll(ast, isIdentifier).filter(({ text }) => text === name).length;
}

function namesOf(statement: Node): string[] {
  if (isExportDeclaration(statement)) {
    const clause = statement.exportClause;
    const named = clause !== undefined && isNamedExports(clause);
    return named ? clause.elements.map(({ name }) => name.text) : [];
  }
  if (!isExported(statement)) return [];
  if (isVariableStatement(statement)) {
    const { declarations } = statement.declarationList;
    return declarations.flatMap(({ name }) => (isIdentifier(name) ? [name.text] : []));
  }
  const isNamed =
    isFunctionDeclaration(statement) ||
    isClassDeclaration(statement) ||
    isTypeAliasDeclaration(statement) ||
    isInterfaceDeclaration(statement);
  return isNamed && statement.name !== undefined ? [statement.name.text] : [];
}
