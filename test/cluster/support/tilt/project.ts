import { root } from '../../../../tools/config.ts';
import { executeTiltfile } from './execute.ts';
import type { Options } from './host.ts';
import type { Tiltfile } from './model.ts';

type Settings = NonNullable<Options['settings']>;

export const context = 'kind-faultline';

const executed = new Map<string, Tiltfile>();

/** The project's Tiltfile; executed once for all tests that ask for the same. */
export function tilt(settings: Settings = {}, options: Partial<Options> = {}): Tiltfile {
  const key = JSON.stringify([settings, options]);
  const file = executed.get(key) ?? executeTiltfile({ root, context, settings, ...options });
  executed.set(key, file);
  return file;
}

/** Throws when there is none of that name. */
export function resource(file: Tiltfile, name: string) {
  const found = file.resources.get(name);
  if (found === undefined) throw new Error(`expected the resource ${name}`);
  return found;
}

/** All that must be there before a resource. */
export function before(file: Tiltfile, name: string): Set<string> {
  const { deps } = resource(file, name);
  return deps.reduce((all, dep) => all.union(before(file, dep)), new Set(deps));
}
