import { formatShare } from '../../core/format.ts';
import type { QueryResult } from '../../metrics/model/series.ts';
import { valuesOf } from './red.ts';

/** What is promised of a journey, and how much of the budget for breaking it is left. */
export type PromiseRow = {
  readonly journey: string;
  readonly slo: string;
  /** The share of requests that is to be good. */
  readonly objective: number;
  /** 1 for untouched, 0 for used up, less for overdrawn; undefined without requests. */
  readonly left: number | undefined;
  /** How many times too fast the budget is used; undefined without requests. */
  readonly burn: number | undefined;
};

export const promiseQueries = {
  budgets: 'journey:slo_budget:ratio',
  left: 'journey:slo_budget_left:ratio30d',
  burn: 'journey:slo_burn:rate1h',
} as const;

/** One row for each promise, those first whose budget is in danger. */
export function promiseRows(
  answers: Readonly<Record<keyof typeof promiseQueries, QueryResult>>,
): PromiseRow[] {
  const [left, burn] = [byPromise(answers.left), byPromise(answers.burn)];
  const rows = valuesOf(answers.budgets).map(({ labels, value }) => {
    const { journey = '', slo = '' } = labels;
    const key = `${journey} ${slo}`;
    return { journey, slo, objective: 1 - value, left: left.get(key), burn: burn.get(key) };
  });
  return rows.toSorted((a, b) => (a.left ?? 1) - (b.left ?? 1) || (a.journey < b.journey ? -1 : 1));
}

function byPromise(result: QueryResult): Map<string, number> {
  return new Map(
    valuesOf(result)
      .filter(({ value }) => Number.isFinite(value))
      .map(({ labels, value }) => [`${labels['journey'] ?? ''} ${labels['slo'] ?? ''}`, value]),
  );
}

/** How a promise stands, in words. */
export function describePromise({ left, burn }: PromiseRow): string {
  if (left === undefined) return 'no requests yet';
  if (left <= 0) return 'used up';
  const state = `${formatShare(left)} left`;
  return burn !== undefined && burn > 1
    ? `${state}, going ${burn.toFixed(1)} times too fast`
    : state;
}
