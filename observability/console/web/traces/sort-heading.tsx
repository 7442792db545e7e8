type Props = { name: string; isSorted: boolean; onSort: () => void };

/** The heading of a column of numbers that the table can be sorted by, the largest first. */
export function SortHeading({ name, isSorted, onSort }: Props) {
  return (
    <th class="number" aria-sort={isSorted ? 'descending' : 'none'}>
      <button type="button" class="trace-sort" onClick={onSort}>
        {name}
        <span aria-hidden="true">{isSorted ? ' ↓' : ''}</span>
      </button>
    </th>
  );
}

/** The largest first. */
export function sortedBy<T>(rows: readonly T[], of: (row: T) => number): T[] {
  return rows.toSorted((a, b) => of(b) - of(a));
}
