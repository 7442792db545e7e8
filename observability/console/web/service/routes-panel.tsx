import { formatMs, formatRate, formatShare } from '../core/format.ts';
import { Link } from '../core/link.tsx';
import { useAsked } from '../core/query.ts';
import { address, atMs } from '../core/url.ts';
import { Problem } from '../metrics/metrics-view.tsx';
import { queryAt, refreshMs } from '../metrics/use-range.ts';
import { type RouteRow, routeQueries, routeRows } from './model/red.ts';

const ROWS_MAX = 60;

/** What the service is asked for, by route and version. */
export function RoutesPanel({ service }: { service: string }) {
  const { value, error } = useAsked(
    `routes ${service} ${atMs.value}`,
    async (signal) => {
      const { rates, errors, p95 } = routeQueries(service);
      const [a, b, c] = await Promise.all([
        queryAt(rates, signal),
        queryAt(errors, signal),
        queryAt(p95, signal),
      ]);
      return routeRows({ rates: a, errors: b, p95: c });
    },
    refreshMs(),
  );
  return (
    <section class="panel" aria-label="Routes">
      <h2>Routes</h2>
      {error && <Problem error={error} />}
      {value?.length === 0 && (
        <p class="empty">It has not been asked for anything, or tells nothing of its requests.</p>
      )}
      {value && value.length > 0 && <Table rows={value} service={service} />}
    </section>
  );
}

function Table({ rows, service }: { rows: readonly RouteRow[]; service: string }) {
  return (
    <div class="service-scroll">
      <table class="service-table">
        <thead>
          <tr>
            <th>Route</th>
            <th>Version</th>
            <th class="number">Requests</th>
            <th class="number">Errors</th>
            <th class="number">p95</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, ROWS_MAX).map((row) => {
            const { method, route, version, perSecond, errorShare, p95Ms } = row;
            return (
              <tr key={`${method} ${route} ${version}`}>
                <td>
                  <Link
                    href={address('/traces', { service, version, operation: `${method} ${route}` })}
                  >
                    {method} {route}
                  </Link>
                </td>
                <td>{version}</td>
                <td class="number">{formatRate(perSecond)}</td>
                <td class={`number ${errorShare > 0 ? 'service-bad' : 'muted'}`}>
                  {formatShare(errorShare)}
                </td>
                <td class="number">{p95Ms === undefined ? '–' : formatMs(p95Ms)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
