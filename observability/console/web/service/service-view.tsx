import { Link } from '../core/link.tsx';
import { shownFrame, shownIncidents } from '../core/live.ts';
import type { ViewProps } from '../core/router.ts';
import { partsOf } from '../core/story.ts';
import { address } from '../core/url.ts';
import { promString } from '../metrics/model/promql.ts';
import { StateBadge } from '../ui/state-badge.tsx';
import { EdgesPanel } from './edges-panel.tsx';
import { InstancesPanel } from './instances-panel.tsx';
import { ManifestPanel } from './manifest-panel.tsx';
import { PolicyPanel } from './policy-panel.tsx';
import { PromisesPanel } from './promises-panel.tsx';
import { RedCharts } from './red-charts.tsx';
import { RoutesPanel } from './routes-panel.tsx';
import { versionsOf } from './services-view.tsx';

/** All about one service: `/services/:name`. */
export function ServiceView({ params: { name = '' } }: ViewProps) {
  const frame = shownFrame.value;
  const node = frame?.nodes.find((one) => one.name === name);
  const state = frame && partsOf(frame, shownIncidents.value).states.get(name);
  return (
    <div class="page" key={name}>
      <div class="page-head">
        <div class="service-title">
          <h1>{name}</h1>
          <StateBadge state={state ?? 'unknown'} />
          {node && <span class="muted">{versionsOf(node)}</span>}
        </div>
        <div class="service-links">
          <Link class="button small" href={address('/traces', { service: name })}>
            Its traces
          </Link>
          <Link class="button small" href={address('/traces', { origin: name, lookback: '1h' })}>
            What failed here first
          </Link>
          <Link
            class="button small"
            href={address('/metrics', {
              query: `version:requests:rate{service=${promString(name)}}`,
            })}
          >
            Its metrics
          </Link>
        </div>
      </div>
      <RedCharts service={name} />
      <RoutesPanel service={name} />
      <div class="service-columns">
        <InstancesPanel service={name} />
        <EdgesPanel service={name} edges={frame?.edges ?? []} />
      </div>
      <PolicyPanel service={name} />
      <PromisesPanel service={name} />
      <ManifestPanel service={name} />
    </div>
  );
}
