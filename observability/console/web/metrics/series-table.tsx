import type { Row } from './model/series.ts';
import { formatUnit, type Unit } from './model/unit.ts';

type Props = { rows: readonly Row[]; unit: Unit };

const ROWS_MAX = 500;

/** Series as rows, their labels as columns. */
export function SeriesTable({ rows, unit }: Props) {
  const names = [...new Set(rows.flatMap(({ labels }) => Object.keys(labels)))].toSorted();
  return (
    <div class="metrics-scroll">
      <table>
        <thead>
          <tr>
            {names.map((name) => (
              <th key={name}>{name}</th>
            ))}
            <th class="number">Value</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, ROWS_MAX).map(({ labels, value }, index) => (
            <tr key={index}>
              {names.map((name) => (
                <td key={name}>{labels[name] ?? ''}</td>
              ))}
              <td class="number" title={value}>
                {formatValue(value, unit)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > ROWS_MAX && <p class="muted small">{rows.length - ROWS_MAX} more.</p>}
    </div>
  );
}

function formatValue(value: string, unit: Unit): string {
  const number = Number(value);
  return value === '' || Number.isNaN(number) ? value : formatUnit(number, unit);
}
