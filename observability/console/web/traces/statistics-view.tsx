import { useMemo } from 'preact/hooks';
import { formatShare } from '../core/format.ts';
import { place, setQuery } from '../core/url.ts';
import { colourClasses } from './colours.ts';
import { formatDuration } from './model/duration.ts';
import type { ShownTrace } from './model/shown-trace.ts';
import { type Grouping, statistics, type StatisticsRow } from './model/statistics.ts';
import { sortedBy, SortHeading } from './sort-heading.tsx';

type Props = { shown: ShownTrace; onSelect: (span: string) => void };

const columns = {
  count: 'Count',
  errors: 'Errors',
  totalUs: 'Total',
  averageUs: 'Average',
  p95Us: 'p95',
  maxUs: 'Longest',
  selfUs: 'Own time',
  criticalUs: 'Critical path',
} as const satisfies Partial<Record<keyof StatisticsRow, string>>;

type Column = keyof typeof columns;

function isColumn(text: string): text is Column {
  return Object.hasOwn(columns, text);
}

/** Where the time went, by service or by operation. */
export function StatisticsView({ shown, onSelect }: Props) {
  const { query } = place.value;
  const by: Grouping = query.get('by') === 'service' ? 'service' : 'operation';
  const wanted = query.get('sort') ?? '';
  const sort = isColumn(wanted) ? wanted : 'selfUs';
  const rows = useMemo(() => statistics(shown.tree, by), [shown, by]);
  const colour = useMemo(() => colourClasses(shown.services), [shown]);
  const [root] = shown.tree.roots;
  const wholeUs = rows.reduce((sum, { selfUs }) => sum + selfUs, 0);
  return (
    <section class="panel trace-statistics" aria-label="Statistics">
      <label class="trace-inline">
        Group by
        <select value={by} onChange={({ currentTarget }) => setQuery({ by: currentTarget.value })}>
          <option value="operation">service and operation</option>
          <option value="service">service</option>
        </select>
      </label>
      <div class="trace-scroll">
        <table>
          <thead>
            <tr>
              <th>Service{by === 'operation' && ' and operation'}</th>
              {Object.entries(columns).map(([name, title]) => (
                <SortHeading
                  key={name}
                  name={title}
                  isSorted={name === sort}
                  onSort={() => setQuery({ sort: name }, { replace: true })}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {sortedBy(rows, (row) => row[sort]).map((row) => (
              <tr key={`${row.service} ${row.operation}`}>
                <td>
                  <span class={`trace-swatch ${colour(row.service)}`} /> <b>{row.service}</b>{' '}
                  {row.operation}
                </td>
                <td class="number">{row.count}</td>
                <td class={`number ${row.errors > 0 ? 'trace-bad' : 'muted'}`}>{row.errors}</td>
                <td class="number">{formatDuration(row.totalUs)}</td>
                <td class="number">{formatDuration(row.averageUs)}</td>
                <td class="number">{formatDuration(row.p95Us)}</td>
                <td class="number">
                  <button
                    type="button"
                    class="trace-link"
                    onClick={() => onSelect(row.slowest.span.id)}
                  >
                    {formatDuration(row.maxUs)}
                  </button>
                </td>
                <Share us={row.selfUs} wholeUs={wholeUs} />
                <Share us={row.criticalUs} wholeUs={root?.span.durationUs ?? 0} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** A time, and how much of the whole it is. */
function Share({ us, wholeUs }: { us: number; wholeUs: number }) {
  const share = wholeUs > 0 ? us / wholeUs : 0;
  return (
    <td class="number trace-share">
      <span>{formatDuration(us)}</span> <span class="muted">{formatShare(share)}</span>
      <span class="trace-share-bar">
        <i style={{ width: `${Math.min(100, share * 100)}%` }} />
      </span>
    </td>
  );
}
