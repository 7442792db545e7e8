import type { Range } from './promql.ts';

export type Labels = Readonly<Record<string, string>>;
type Sample = readonly [time: number, value: string];

/** What Prometheus answers a query with. */
export type QueryResult =
  | {
      readonly resultType: 'vector';
      readonly result: readonly { readonly metric: Labels; readonly value: Sample }[];
    }
  | {
      readonly resultType: 'matrix';
      readonly result: readonly { readonly metric: Labels; readonly values: readonly Sample[] }[];
    }
  | { readonly resultType: 'scalar' | 'string'; readonly result: Sample };

/** One line of a graph. Gaps are null. */
export type Line = {
  readonly labels: Labels;
  readonly name: string;
  readonly values: readonly (number | null)[];
};

export type Lines = { readonly times: readonly number[]; readonly lines: readonly Line[] };

/** A range query's answer on the times that were asked for. */
export function toLines(result: QueryResult, { start, end, step }: Range): Lines {
  const times = Array.from(
    { length: Math.floor((end - start) / step) + 1 },
    (_, at) => start + at * step,
  );
  if (result.resultType !== 'matrix') return { times, lines: [] };
  const names = namesOf(result.result.map(({ metric }) => metric));
  const lines = result.result.map(({ metric, values }, index) => {
    const at = new Map(values.map(([time, value]) => [Math.round((time - start) / step), value]));
    return {
      labels: metric,
      name: names[index] ?? '',
      values: times.map((_, slot) => finite(Number(at.get(slot) ?? Number.NaN))),
    };
  });
  return { times, lines: lines.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** NaN, as of a ratio of nothing, and infinity are no points. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

export type Row = { readonly labels: Labels; readonly value: string };

/** An instant query's answer as rows, the greatest value first. */
export function toRows(result: QueryResult): Row[] {
  if (result.resultType === 'vector') {
    return result.result
      .map(({ metric, value }) => ({ labels: metric, value: value[1] }))
      .toSorted((a, b) => rank(b.value) - rank(a.value));
  }
  if (result.resultType === 'matrix') {
    return result.result.map(({ metric, values }) => ({
      labels: metric,
      value: values.map(([time, value]) => `${value} @${time}`).join('\n'),
    }));
  }
  return [{ labels: {}, value: result.result[1] }];
}

function rank(value: string): number {
  const number = value === '+Inf' ? Infinity : Number(value);
  return Number.isNaN(number) ? -Infinity : number;
}

/** The labels that tell one from the other, by name. */
export function labelNames(all: readonly Labels[]): string[] {
  const names = [...new Set(all.flatMap((labels) => Object.keys(labels)))].toSorted();
  if (all.length < 2) return names;
  return names.filter((name) => new Set(all.map((labels) => labels[name] ?? '')).size > 1);
}

/** What each is called: what tells it from the others, or all that is known of the only one. */
export function namesOf(all: readonly Labels[]): string[] {
  const telling = labelNames(all);
  const names = telling.filter((name) => name !== '__name__');
  return all.map((labels) => {
    const known = names.filter((name) => (labels[name] ?? '') !== '');
    const parts = known.map((name) =>
      names.length > 1 ? `${name}=${labels[name]}` : (labels[name] ?? ''),
    );
    const metric = labels['__name__'] ?? '';
    if (parts.length === 0) return metric || 'value';
    const isNamed = all.length > 1 && telling.includes('__name__');
    return isNamed ? `${metric} ${parts.join(' ')}` : parts.join(' ');
  });
}
