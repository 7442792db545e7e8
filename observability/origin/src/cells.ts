import type { Books } from './books.ts';
import type { Cell } from './hypotheses.ts';
import type { Family, Row } from './rows.ts';
import type { Ratio, Tally } from './tally.ts';
import { badIn } from './ways.ts';

/** What went wrong: failures, or slow and stuck calls. */
export type Severity = 'hard' | 'soft';

const CELLS: readonly Family[] = ['endpoint', 'inbound', 'serves', 'route', 'calls'];
/** Calls that reach no instance are bad in none of the others. */
const CUT_CELLS: readonly Family[] = ['route', 'calls', ...CELLS];

/** Of what the counts that know most say is wrong: who sees less than that is blind to it. */
const MUCH = 0.4;

/**
 * The finest counts there are of a service since `sinceMs` that see what is wrong: by caller and instance
 * where sidecars tell, else by either from spans. `isCutOff`: the way there is what some callers lack.
 */
export function cellsOf(
  rows: readonly Row[],
  of: { severity: Severity; sinceMs: number; isCutOff: boolean },
): Cell[] {
  const { severity, sinceMs, isCutOff } = of;
  const families = (isCutOff ? CUT_CELLS : CELLS).map((family) =>
    rows
      .filter((row) => row.family === family)
      .map(({ caller, instance, version, ...row }): Cell => {
        const tally: Tally = row[severity];
        return {
          ...tally.sum(sinceMs),
          ...(caller !== undefined && { caller }),
          ...(instance !== undefined && family !== 'tcp' && { instance }),
          ...(version !== undefined && { version }),
        };
      }),
  );
  const most = Math.max(...families.map(badOf));
  return families.find((cells) => badOf(cells) > most * MUCH) ?? [];
}

function badOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { bad }) => sum + bad, 0);
}

/**
 * Of each caller what tells more: its calls, or its connections. Who cannot connect has no calls to
 * show, but fails for no reason that could be seen. That somebody is connected says nothing of how
 * long calls take.
 */
export function storeCells(
  rows: readonly Row[],
  { severity, sinceMs, books }: { severity: Severity; sinceMs: number; books: Books },
): Cell[] {
  const callers = new Set(rows.flatMap(({ caller }) => caller ?? []));
  return [...callers].flatMap((caller): Cell[] => {
    const [calls, tcp] = (['calls', 'tcp'] as const).map((family) =>
      sumOf(
        rows.filter((row) => row.caller === caller && row.family === family),
        sinceMs,
      ),
    );
    if (!calls || !tcp) return [];
    const isConnected = tcp.bad === 0 && (severity === 'soft' || calls.total > 0);
    const { bad, total } = calls.bad > 0 || isConnected ? calls : tcp;
    const own = books.findings.filter(
      ({ component, where, symptom, atMs }) =>
        component.name === caller && where === 'own' && symptom === 'errors' && atMs >= sinceMs,
    ).length;
    return [{ caller, bad: bad + own, total: total + own }];
  });
}

/** Failures and slowness together: one store has both when it breaks. */
function sumOf(rows: readonly Row[], sinceMs: number): Ratio {
  const total = rows.reduce((sum, row) => sum + row.hard.sum(sinceMs).total, 0);
  const bad = rows.reduce((sum, row) => sum + badIn(row, sinceMs), 0);
  return { bad: Math.min(bad, Math.max(total, 1)), total };
}
