import { engineState } from '../core/engine.ts';
import { formatMs, formatRate, formatShare } from '../core/format.ts';
import { Link } from '../core/link.tsx';
import { shownIncidents } from '../core/live.ts';
import { partsOf } from '../core/story.ts';
import { address, setQuery } from '../core/url.ts';
import type { Frame, MapEdge, MapNode } from '../core/wire.ts';
import { select } from '../map/selection.ts';
import { StateBadge } from '../ui/state-badge.tsx';

/** What is known of a node, and ways to what proves it. */
export function NodePanel({ frame, name }: { frame: Frame; name: string }) {
  const node = frame.nodes.find((one) => one.name === name);
  if (!node) return <p class="empty">{`${name} was not there at that moment.`}</p>;
  const state = partsOf(frame, shownIncidents.value).states.get(name) ?? 'unknown';
  return (
    <article aria-label={name}>
      <p class="incident-kicker">
        <StateBadge state={state} />
        <span class="muted small">{node.kind}</span>
      </p>
      <h2 class="side-title">{name}</h2>
      <Facts node={node} />
      <Versions node={node} />
      <Calls title="Called by" edges={frame.edges.filter(({ to }) => to === name)} side="from" />
      <Calls title="Calls" edges={frame.edges.filter(({ from }) => from === name)} side="to" />
      <p class="incident-actions">
        {node.kind === 'service' && (
          <>
            <Link class="button small" href={address(`/services/${encodeURIComponent(name)}`)}>
              Open its page
            </Link>
            <Link class="button small" href={address('/traces', { service: name })}>
              Its traces
            </Link>
          </>
        )}
        {engineState.value === 'present' && node.kind !== 'queue' && (
          <button type="button" class="button small danger" onClick={() => breakNode(node)}>
            Break it …
          </button>
        )}
      </p>
    </article>
  );
}

function breakNode({ kind, name }: MapNode): void {
  setQuery({ fault: kind === 'store' ? `store:${name}` : name });
}

function Facts({ node }: { node: MapNode }) {
  const { kind, requestsPerSecond, errorShare, instances, ready, busy, waiting } = node;
  return (
    <dl class="side-facts">
      {kind !== 'queue' && (
        <>
          <dt>Traffic</dt>
          <dd>{formatRate(requestsPerSecond)}</dd>
          <dt>Failed</dt>
          <dd>{formatShare(errorShare)}</dd>
        </>
      )}
      {kind === 'service' && (
        <>
          <dt>Instances ready</dt>
          <dd>{`${ready} of ${instances}`}</dd>
        </>
      )}
      {busy !== undefined && (
        <>
          <dt>Busiest instance</dt>
          <dd>{`${formatShare(busy)} of a core`}</dd>
        </>
      )}
      {waiting !== undefined && (
        <>
          <dt>Waiting</dt>
          <dd>{waiting}</dd>
        </>
      )}
    </dl>
  );
}

function Versions({ node: { versions } }: { node: MapNode }) {
  if (versions.length === 0) return null;
  return (
    <section class="side-section">
      <h3>Versions</h3>
      <ul class="overview-list">
        {versions.map(({ version, share, instances }) => (
          <li key={version}>
            <strong>{version}</strong>
            <span class="muted">{`${formatShare(share)} of traffic, ${instances} running`}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Edges as buttons: how the keyboard comes to them. */
function Calls({ title, edges, side }: { title: string; edges: MapEdge[]; side: 'from' | 'to' }) {
  if (edges.length === 0) return null;
  return (
    <section class="side-section">
      <h3>{title}</h3>
      <ul class="side-edges">
        {edges.map((edge) => (
          <li key={edge[side]}>
            <button type="button" onClick={() => select({ from: edge.from, to: edge.to })}>
              <span>{edge[side]}</span>
              <span class="muted">
                {formatRate(edge.requestsPerSecond)}
                {edge.p95Ms === undefined ? '' : `, p95 ${formatMs(edge.p95Ms)}`}
              </span>
              {edge.errorShare > 0.005 && (
                <span class="bad">{formatShare(edge.errorShare)} failed</span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
