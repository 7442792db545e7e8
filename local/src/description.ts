import { join, resolve } from 'node:path';
import { loadAutoscalers } from './autoscale/load.ts';
import type { Autoscaler } from './autoscale/model.ts';
import { EngineError } from './engine-error.ts';
import type { EngineOptions } from './engine-types.ts';
import { loadManifests } from './manifests/load.ts';
import type { Manifests } from './manifests/model.ts';
import { applyOverrides } from './manifests/overrides.ts';
import type { Canary } from './rollouts/canary.ts';
import { loadCanaries } from './rollouts/load.ts';
import { withCanaryServices } from './rollouts/templates.ts';

/** All that the manifests say of the system. */
export async function readDescription(
  options: Pick<EngineOptions, 'root' | 'set' | 'rollouts'>,
): Promise<{ manifests: Manifests; canaries: Canary[]; autoscalers: Autoscaler[] }> {
  const root = resolve(options.root);
  const [manifests, written, autoscalers] = await Promise.all([
    loadManifests(root),
    loadCanaries(root, [join(root, 'mesh/canary')]),
    loadAutoscalers(root),
  ]);
  const canaries = withoutMetrics(written, options.rollouts?.unjudged ?? []);
  const services = withCanaryServices(manifests, canaries);
  const configMaps = applyOverrides(manifests.configMaps, options.set ?? []);
  return { manifests: { ...manifests, services, configMaps }, canaries, autoscalers };
}

function withoutMetrics(canaries: readonly Canary[], names: readonly string[]): Canary[] {
  const known = new Set(canaries.flatMap(({ metrics }) => metrics.map(({ name }) => name)));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new EngineError(`skip '${unknown}': expected one of ${[...known].join(', ')}`);
  }
  return canaries.map((canary) => {
    return { ...canary, metrics: canary.metrics.filter(({ name }) => !names.includes(name)) };
  });
}
