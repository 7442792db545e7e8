import { formatMs, formatRate, formatShare } from '../core/format.ts';
import { Link } from '../core/link.tsx';
import { address } from '../core/url.ts';
import type { MapEdge } from '../core/wire.ts';

type Props = { service: string; edges: readonly MapEdge[] };

/** Who calls the service, and whom it calls. */
export function EdgesPanel({ service, edges }: Props) {
  const into = edges.filter(({ to }) => to === service);
  const out = edges.filter(({ from }) => from === service);
  return (
    <section class="panel" aria-label="Calls">
      <h2>Calls</h2>
      {into.length + out.length === 0 && <p class="empty">No calls were seen.</p>}
      {into.length > 0 && <Table title="From" edges={into} other="from" />}
      {out.length > 0 && <Table title="To" edges={out} other="to" />}
    </section>
  );
}

function Table({
  title,
  edges,
  other,
}: { title: string; other: 'from' | 'to' } & Pick<Props, 'edges'>) {
  const busiest = edges.toSorted((a, b) => b.requestsPerSecond - a.requestsPerSecond);
  return (
    <div class="service-scroll">
      <table class="service-table service-edges">
        <thead>
          <tr>
            <th>{title}</th>
            <th class="number">Rate</th>
            <th class="number">Errors</th>
            <th class="number">p95</th>
            <th class="number">Retries</th>
            <th>Breaker</th>
            <th>mTLS</th>
          </tr>
        </thead>
        <tbody>
          {busiest.map((edge) => (
            <tr key={`${edge[other]} ${edge.kind}`}>
              <td>
                <Link href={address(`/services/${encodeURIComponent(edge[other])}`)}>
                  {edge[other]}
                </Link>{' '}
                {edge.kind !== 'http' && (
                  <span class="muted small">{edge.kind === 'async' ? 'by a queue' : 'tcp'}</span>
                )}
              </td>
              <td class="number">{formatRate(edge.requestsPerSecond)}</td>
              <td class={`number ${edge.errorShare > 0 ? 'service-bad' : 'muted'}`}>
                {formatShare(edge.errorShare)}
              </td>
              <td class="number">{edge.p95Ms === undefined ? '–' : formatMs(edge.p95Ms)}</td>
              <td class="number">
                {edge.retriesPerSecond > 0 ? formatRate(edge.retriesPerSecond) : '–'}
              </td>
              <td class={edge.openBreakers > 0 ? 'service-bad' : 'muted'}>
                {edge.openBreakers > 0 ? `${edge.openBreakers} open` : 'closed'}
              </td>
              <td class="muted">{edge.mtls === undefined ? '–' : edge.mtls ? 'yes' : 'no'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
