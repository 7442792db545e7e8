import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../tools/config.ts';
import { kustomize } from './kustomize.ts';
import type { Manifest } from './manifest.ts';

export const services = readdirSync(join(root, 'services')).toSorted();

/** Everything that is applied for an environment, as `docs/cluster.md` and the Tiltfile apply it. */
export function renderEnvironment(environment: 'dev' | 'prod'): Manifest[] {
  const own = services.map((service) => `services/${service}/deploy/${environment}`);
  const rollouts = services.map((service) => `services/${service}/deploy/canary`);
  const shared = [`deploy/${environment}`, 'deploy/observability'];
  // In prod they are part of the services' own.
  const optional = environment === 'dev' ? ['deploy/canary', ...rollouts] : [];
  return [...shared, ...own, ...optional].flatMap(renderFolder);
}

function renderFolder(folder: string): Manifest[] {
  const dir = join(root, folder);
  if (!existsSync(dir)) throw new Error(`render ${folder}: there is no such folder`);
  return kustomize(dir);
}
