import { engine, engineState, type ServiceStatus } from '../core/engine.ts';
import { formatMs, formatRate, formatShare } from '../core/format.ts';
import { Link } from '../core/link.tsx';
import { shownFrame, shownIncidents } from '../core/live.ts';
import { useAsked } from '../core/query.ts';
import { partsOf } from '../core/story.ts';
import { address, atMs } from '../core/url.ts';
import type { MapNode } from '../core/wire.ts';
import { queryAt, REFRESH_MS, refreshMs } from '../metrics/use-range.ts';
import { StateBadge } from '../ui/state-badge.tsx';
import { valuesOf } from './model/red.ts';

/** All services, and what is behind them: `/services`. */
export function ServicesView() {
  const nodes = useNodes();
  return (
    <div class="page">
      <div class="page-head">
        <h1>Services</h1>
      </div>
      {nodes.length === 0 && (
        <p class="panel empty">
          Nothing has been heard of any service yet. They appear here as soon as somebody uses the
          shop: faultline load.
        </p>
      )}
      <Nodes title="Services" nodes={nodes.filter(({ kind }) => kind === 'service')} />
      <Nodes title="What they use" nodes={nodes.filter(({ kind }) => kind !== 'service')} />
    </div>
  );
}

/** Those on the map, and those that run and have not been asked for anything. */
function useNodes(): MapNode[] {
  const { value } = useAsked(
    `status ${engineState.value}`,
    async () => (engineState.value === 'absent' ? undefined : engine.status()),
    REFRESH_MS,
  );
  const seen = shownFrame.value?.nodes ?? [];
  const names = new Set(seen.map(({ name }) => name));
  const silent = (value?.services ?? []).filter(({ name }) => !names.has(name));
  const nodes = [...seen, ...silent.map(silentNode)];
  return nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function silentNode({ name, version, instances }: ServiceStatus): MapNode {
  return {
    name,
    kind: 'service',
    state: 'unknown',
    requestsPerSecond: 0,
    errorShare: 0,
    versions: [{ version, share: 1, instances: instances.length }],
    instances: instances.length,
    ready: instances.filter(({ ready }) => ready).length,
  };
}

function Nodes({ title, nodes }: { title: string; nodes: readonly MapNode[] }) {
  const frame = shownFrame.value;
  const states = frame && partsOf(frame, shownIncidents.value).states;
  const p95 = useP95();
  if (nodes.length === 0) return null;
  return (
    <section class="panel" aria-label={title}>
      <h2>{title}</h2>
      <div class="service-scroll">
        <table class="service-table">
          <thead>
            <tr>
              <th>Name</th>
              <th>State</th>
              <th>Versions</th>
              <th class="number">Ready</th>
              <th class="number">Requests</th>
              <th class="number">Errors</th>
              <th class="number">p95</th>
            </tr>
          </thead>
          <tbody>
            {nodes.map((node) => (
              <tr key={node.name}>
                <td>
                  <Name node={node} />
                </td>
                <td>
                  <StateBadge state={states?.get(node.name) ?? 'unknown'} />
                </td>
                <td>{versionsOf(node)}</td>
                <td class="number">
                  {node.instances > 0 ? `${node.ready} of ${node.instances}` : '–'}
                </td>
                <td class="number">{formatRate(node.requestsPerSecond)}</td>
                <td class={`number ${node.errorShare > 0 ? 'service-bad' : 'muted'}`}>
                  {formatShare(node.errorShare)}
                </td>
                <td class="number">{msOf(p95.get(node.name))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Name({ node: { name, kind } }: { node: MapNode }) {
  if (kind !== 'service') return <b>{name}</b>;
  return <Link href={address(`/services/${encodeURIComponent(name)}`)}>{name}</Link>;
}

function msOf(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '–' : formatMs(value);
}

/** `1.0.0`, or `1.0.0 90 %, 1.1.0 10 %` while there are several. */
export function versionsOf({ versions }: Pick<MapNode, 'versions'>): string {
  const [only] = versions;
  if (versions.length === 1 && only) return only.version;
  return versions.map(({ version, share }) => `${version} ${formatShare(share)}`).join(', ') || '–';
}

function useP95(): ReadonlyMap<string, number> {
  const { value } = useAsked(
    `p95 ${atMs.value}`,
    (signal) => queryAt('service:latency_ms:p95', signal),
    refreshMs(),
  );
  const values = value ? valuesOf(value) : [];
  return new Map(values.map(({ labels, value: ms }) => [labels['service'] ?? '', ms]));
}
