import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { run, Scope } from '../starlark/evaluate.ts';
import { universe } from '../starlark/methods.ts';
import { parseFile } from '../starlark/parser.ts';
import type { Value } from '../starlark/values.ts';
import { type Options, tiltFunctions } from './host.ts';
import type { Tiltfile } from './model.ts';
import { Recorder } from './recorder.ts';

/** Executes the Tiltfile of `options.root`. Throws as `tilt up` would end. */
export function executeTiltfile(options: Options): Tiltfile {
  const recorder = new Recorder();
  let executing = '';
  const host = { recorder, executing: () => executing };
  const known = new Map([...universe, ...tiltFunctions(options, host)]);
  const loaded = new Map<string, ReadonlyMap<string, Value>>();
  const load = (file: string): ReadonlyMap<string, Value> => {
    const before = loaded.get(file);
    if (before) return before;
    const scope = new Scope(file, new Map(), new Scope(file, known));
    const statements = parseFile(readFileSync(file, 'utf8'), file);
    const caller = executing;
    executing = file;
    run(statements, { scope, load: (path, from) => load(resolve(dirname(from), path)) });
    executing = caller;
    loaded.set(file, scope.names);
    return scope.names;
  };
  load(join(options.root, 'Tiltfile'));
  return recorder.finish();
}
