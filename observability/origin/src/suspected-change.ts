import type { Books } from './books.ts';
import type { Origin, SuspectedChange } from './model.ts';
import type { Suspect } from './suspects.ts';
import { badIn } from './ways.ts';

/** The change that brought what is broken, if the counts point at it. */
export function suspectChange(
  { component, onsetMs }: Suspect,
  { origin, books }: { origin: Origin; books: Books },
): SuspectedChange | undefined {
  if (origin.kind !== 'version' || origin.version === undefined) return undefined;
  const when = { atMs: onsetMs, withinMs: 600_000 };
  const change = books.vitals.arrivalOf(origin.service, origin.version, when);
  if (!change) return undefined;
  const cells = books.rows
    .into(component)
    .filter(({ family }) => family === 'endpoint' || family === 'serves');
  const of = (isIt: boolean) => {
    const rows = cells.filter(
      (row) => row.family === cells[0]?.family && (row.version === origin.version) === isIt,
    );
    const bad = rows.reduce((sum, row) => sum + badIn(row, onsetMs - 1_000), 0);
    const total = rows.reduce((sum, row) => sum + row.hard.sum(onsetMs - 1_000).total, 0);
    return { bad: Math.round(Math.min(bad, total)), total: Math.round(total) };
  };
  const [it, others] = [of(true), of(false)];
  const seconds = Math.max(0, (onsetMs - change.atMs) / 1_000).toFixed(1);
  const rest = others.total > 0 ? `, ${others.bad} of ${others.total} to other versions` : '';
  const what = `${it.bad} of ${it.total} calls to ${origin.version} went wrong${rest}`;
  return { change, evidence: `${what}; it began ${seconds} s after the change` };
}
