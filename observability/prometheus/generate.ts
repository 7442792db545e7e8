import { mkdirSync, writeFileSync } from 'node:fs';
import { clusterPace } from './pace.ts';
import { renderRules } from './rules.ts';
import { renderConfig } from './scrape.ts';

/**
 * What a cluster's Prometheus reads, text by file name. `node observability/prometheus/generate.ts`
 * writes it to `cluster/`; the local engine renders the same at its own pace when it starts.
 */
export function clusterFiles(): ReadonlyMap<string, string> {
  const discovery = { kind: 'kubernetes' } as const;
  return new Map([
    ['prometheus.yaml', renderConfig({ pace: clusterPace, discovery, self: 'localhost:9090' })],
    ...renderRules(clusterPace),
  ]);
}

if (import.meta.main) {
  const folder = new URL('cluster/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of clusterFiles()) writeFileSync(new URL(name, folder), text);
}
