import type { ComparedRow, Side } from './model/compare.ts';
import { formatDifference, formatDuration } from './model/duration.ts';

type Props = { rows: readonly ComparedRow[]; onlyChanged: boolean };

const ROWS_MAX = 1_000;
const INDENT = 14;
const DEPTH_MAX = 16;
/** Less than so much slower or faster is what traces always differ by. */
const NOTABLE_SHARE = 0.1;
const NOTABLE_US = 1_000;

const words = {
  same: '',
  added: 'only in the second',
  removed: 'only in the first',
  more: 'more often',
  fewer: 'less often',
} as const;

/** Ways through the services as a tree; how often and how long each trace went them. */
export function CompareTable({ rows, onlyChanged }: Props) {
  const shown = onlyChanged ? rows.filter((row) => row.change !== 'same' || isNotable(row)) : rows;
  const longestUs = rows.reduce(
    (most, { before, after }) => Math.max(most, before?.averageUs ?? 0, after?.averageUs ?? 0),
    1,
  );
  if (shown.length === 0) return <p class="empty">Both went the same ways, about as fast.</p>;
  return (
    <div class="trace-scroll">
      <table class="trace-compare">
        <thead>
          <tr>
            <th>Service and operation</th>
            <th>Structure</th>
            <th class="number">Count</th>
            <th class="number">First</th>
            <th class="number">Second</th>
            <th class="number">Change</th>
            <th>First above second</th>
          </tr>
        </thead>
        <tbody>
          {shown.slice(0, ROWS_MAX).map((row) => (
            <Row key={row.index} row={row} longestUs={longestUs} />
          ))}
        </tbody>
      </table>
      {shown.length > ROWS_MAX && <p class="muted">{shown.length - ROWS_MAX} more rows.</p>}
    </div>
  );
}

function Row({ row, longestUs }: { row: ComparedRow; longestUs: number }) {
  const { service, operation, depth, change, before, after, slowerUs } = row;
  const speed = isNotable(row) ? (slowerUs > 0 ? 'slower' : 'faster') : '';
  const counts = [before?.count ?? 0, after?.count ?? 0];
  return (
    <tr class={`${change} ${speed}`}>
      <td>
        <span style={{ paddingLeft: `${Math.min(depth, DEPTH_MAX) * INDENT}px` }} />
        <b>{service}</b> {operation}
        {hasFailed(after) && !hasFailed(before) && <span class="trace-chip origin">fails now</span>}
      </td>
      <td>{words[change] && <span class={`trace-change ${change}`}>{words[change]}</span>}</td>
      <td class="number">{counts[0] === counts[1] ? counts[0] : `${counts[0]} → ${counts[1]}`}</td>
      <td class="number">{before ? formatDuration(before.averageUs) : '–'}</td>
      <td class="number">{after ? formatDuration(after.averageUs) : '–'}</td>
      <td class={`number trace-speed ${speed}`}>
        {before && after ? formatDifference(slowerUs) : '–'}
      </td>
      <td class="trace-compare-bars">
        {before && (
          <i class="first" style={{ width: `${(100 * before.averageUs) / longestUs}%` }} />
        )}
        {after && <i class="second" style={{ width: `${(100 * after.averageUs) / longestUs}%` }} />}
      </td>
    </tr>
  );
}

function isNotable({ before, slowerUs }: ComparedRow): boolean {
  const size = Math.abs(slowerUs);
  return size >= NOTABLE_US && size >= (before?.averageUs ?? 0) * NOTABLE_SHARE;
}

function hasFailed(side: Side | undefined): boolean {
  return (side?.errors ?? 0) > 0;
}
