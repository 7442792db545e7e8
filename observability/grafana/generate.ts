import { writeFileSync } from 'node:fs';
import { toGrafana } from './dashboard.ts';
import { meshDashboard } from './mesh.ts';
import { rolloutsDashboard } from './rollouts.ts';
import { serviceDashboard } from './service.ts';
import { shopDashboard } from './shop.ts';

/** All dashboards by file name; `node observability/grafana/generate.ts` writes them as JSON. */
export const dashboards = {
  'shop.json': shopDashboard,
  'service.json': serviceDashboard,
  'mesh.json': meshDashboard,
  'rollouts.json': rolloutsDashboard,
} as const;

/** The files as Grafana reads them, text by file name. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(dashboards).map(([name, dashboard]) => [
      name,
      `${JSON.stringify(toGrafana(dashboard), undefined, 2)}\n`,
    ]),
  );
}

if (import.meta.main) {
  for (const [name, text] of dashboardFiles()) {
    writeFileSync(new URL(`dashboards/${name}`, import.meta.url), text);
  }
}
