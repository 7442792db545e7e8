import type { Case, Outcome } from './replay.ts';

/** How a set of runs was judged. */
export type Scores = {
  readonly cases: number;
  /** Share whose origin was named first, in the first three, and on average in the first one to five. */
  readonly ac1: number;
  readonly ac3: number;
  readonly avg5: number;
  /** AC@1 where the component is enough, whatever instance, version or edge. */
  readonly component1: number;
  /** Of those that were named at some time, from the first request that was touched. */
  readonly verdictP50Ms: number;
  readonly verdictP95Ms: number;
  readonly never: number;
};

/** Scores of some cases. */
export function score(cases: readonly Case[]): Scores {
  const share = (count: number): number => (cases.length === 0 ? NaN : count / cases.length);
  const within = (rank: number): number => share(cases.filter((one) => one.rank <= rank).length);
  const times = cases.flatMap(({ verdictMs }) => verdictMs ?? []);
  return {
    cases: cases.length,
    ac1: within(1),
    ac3: within(3),
    avg5: [1, 2, 3, 4, 5].reduce((sum, rank) => sum + within(rank), 0) / 5,
    component1: share(cases.filter((one) => one.componentRank <= 1).length),
    verdictP50Ms: quantile(times, 0.5),
    verdictP95Ms: quantile(times, 0.95),
    never: cases.filter(({ verdictMs }) => verdictMs === undefined).length,
  };
}

/** Time in which something was blamed though nothing was wrong, of all such time. */
export function falseBlame(outcomes: readonly Outcome[]): { share: number; minutes: number } {
  const healthyMs = outcomes.reduce((sum, one) => sum + one.healthyMs, 0);
  const blamedMs = outcomes.reduce((sum, one) => sum + one.blamedMs, 0);
  return { share: healthyMs === 0 ? 0 : blamedMs / healthyMs, minutes: healthyMs / 60_000 };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
