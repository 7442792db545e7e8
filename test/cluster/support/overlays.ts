import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../tools/config.ts';
import { kustomize } from './kustomize.ts';
import type { Manifest } from './manifest.ts';

export const services = readdirSync(join(root, 'services')).toSorted();

/**
 * Everything that is applied for an environment, as `docs/cluster.md` and the Tiltfile apply it, in dev
 * with Canaries; of the project in `base`.
 */
export function renderEnvironment(environment: 'dev' | 'prod', base = root): Manifest[] {
  const folder = environment === 'dev' ? 'dev-canary' : 'prod';
  const own = services.map((service) => `services/${service}/deploy/${folder}`);
  const rollouts = services.map((service) => `services/${service}/deploy/canary-load`);
  const shared = [`deploy/${environment}`, 'deploy/observability'];
  // In prod they are part of the services' own.
  const optional = environment === 'dev' ? ['deploy/canary', 'deploy/load', ...rollouts] : [];
  return [...shared, ...own, ...optional].flatMap((path) => renderFolder(join(base, path)));
}

function renderFolder(dir: string): Manifest[] {
  if (!existsSync(dir)) throw new Error(`render ${dir}: there is no such folder`);
  return kustomize(dir);
}
