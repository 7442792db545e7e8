import type { Fault } from '../core/engine.ts';
import { originName } from '../core/story.ts';
import type { Change, Frame, Incident } from '../core/wire.ts';
import { edgeService } from '../map/structure.ts';
import { changeWords, isTold } from './change-words.ts';

/** From and to, in ms since the epoch. */
export type Span = { readonly fromMs: number; readonly toMs: number };

/** uPlot's shape: seconds, requests a second, failed requests a second. */
export type Series = [number[], number[], number[]];

/** Points that are further apart have nothing between them: the console was not there. */
const GAP_MS = 8_000;

/** Requests and failures of the service that people call. */
export function seriesOf(frames: readonly Frame[], { fromMs, toMs }: Span): Series {
  const series: Series = [[], [], []];
  const name = edgeOf(frames);
  let lastMs: number | undefined;
  for (const { atMs, nodes } of frames) {
    if (atMs < fromMs || atMs > toMs) continue;
    const node = nodes.find((one) => one.name === name);
    const rate = node?.requestsPerSecond ?? 0;
    if (lastMs !== undefined && atMs - lastMs > GAP_MS)
      push(series, lastMs + 1, [Number.NaN, Number.NaN]);
    push(series, atMs, [rate, rate * (node?.errorShare ?? 0)]);
    lastMs = atMs;
  }
  return series;
}

function push(series: Series, ms: number, [rate, failed]: readonly [number, number]): void {
  const [times, requests, failures] = series;
  times.push(ms / 1_000);
  requests.push(rate);
  failures.push(failed);
}

function edgeOf(frames: readonly Frame[]): string | undefined {
  for (let at = frames.length - 1; at >= 0; at--) {
    const frame = frames[at];
    const name = frame && edgeService(frame);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Something that was done, at one moment. */
export type Mark = {
  readonly key: string;
  readonly atMs: number;
  readonly kind: 'deploy' | 'weight' | 'scale' | 'crash';
  readonly text: string;
};

const markKinds: Readonly<Partial<Record<Change['kind'], Mark['kind']>>> = {
  weight: 'weight',
  scale: 'scale',
  restart: 'scale',
  config: 'scale',
  instance: 'crash',
};

/** Deploys, weights, scales and crashes within the span. */
export function marksOf(changes: readonly Change[], { fromMs, toMs }: Span): Mark[] {
  return changes.flatMap((change, index) => {
    const atMs = Date.parse(change.at);
    if (!isTold(change) || atMs < fromMs || atMs > toMs) return [];
    const kind = markKinds[change.kind] ?? 'deploy';
    return [{ key: `${change.at} ${index}`, atMs, kind, text: changeWords(change) }];
  });
}

/** Something that lasted. */
export type Bar = Span & {
  readonly key: string;
  readonly kind: 'incident' | 'fault' | 'alert';
  readonly text: string;
  readonly isOpen: boolean;
};

/** Incidents, faults and alerts, cut to the span. */
export function barsOf(
  {
    incidents,
    faults,
    alerts,
  }: { incidents: readonly Incident[]; faults: readonly Fault[]; alerts: readonly Bar[] },
  span: Span,
): Bar[] {
  const all: Bar[] = [
    ...incidents
      .filter(({ merged_into }) => merged_into === undefined)
      .map(({ id, onset, resolved_at, origin }) => ({
        key: `incident ${id}`,
        kind: 'incident' as const,
        fromMs: Date.parse(onset),
        toMs: resolved_at === null ? span.toMs : Date.parse(resolved_at),
        text: originName(origin),
        isOpen: resolved_at === null,
      })),
    ...faults.map(({ id, kind, target, started_at, ends_at }) => ({
      key: `fault ${id}`,
      kind: 'fault' as const,
      fromMs: Date.parse(started_at),
      toMs: Date.parse(ends_at),
      text: `${kind} on ${target}`,
      isOpen: Date.parse(ends_at) > span.toMs,
    })),
    ...alerts,
  ];
  return all.flatMap((bar) => {
    const fromMs = Math.max(bar.fromMs, span.fromMs);
    const toMs = Math.min(bar.toMs, span.toMs);
    return toMs > fromMs ? [{ ...bar, fromMs, toMs }] : [];
  });
}

/**
 * Prometheus' answer about `ALERTS` as bars, one for as long as an alert of that name fires for
 * anybody: points that follow each other are one.
 */
export function alertBars(
  result: readonly {
    metric: Readonly<Record<string, string>>;
    values: readonly (readonly [number, string])[];
  }[],
  stepMs: number,
): Bar[] {
  const byName = Map.groupBy(result, ({ metric }) => metric['alertname'] ?? 'alert');
  return [...byName].flatMap(([name, series]) => {
    const times = new Set(series.flatMap(({ values }) => values.map(([at]) => at * 1_000)));
    const bars: { fromMs: number; toMs: number }[] = [];
    for (const atMs of [...times].toSorted((a, b) => a - b)) {
      const last = bars.at(-1);
      if (last && atMs - last.toMs <= stepMs) last.toMs = atMs + stepMs;
      else bars.push({ fromMs: atMs, toMs: atMs + stepMs });
    }
    return bars.map(({ fromMs, toMs }) => ({
      key: `alert ${name} ${fromMs}`,
      kind: 'alert' as const,
      fromMs,
      toMs,
      text: name,
      isOpen: false,
    }));
  });
}

/** A bar with its text: within, or beside it where it is too short; with the room of both. */
type Labelled = Bar & { readonly side: 'within' | 'left' | 'right'; readonly room: Span };

/** Of the whole axis, one letter: of a window as narrow as can be expected. */
const LETTER_PART = 7 / 1_100;

/** Decides where a bar's text goes. */
export function labelled(bar: Bar, { fromMs, toMs }: Span): Labelled {
  const textMs = (bar.text.length + 3) * LETTER_PART * (toMs - fromMs);
  if (bar.toMs - bar.fromMs >= textMs) return { ...bar, side: 'within', room: bar };
  if (bar.toMs + textMs <= toMs) {
    return { ...bar, side: 'right', room: { fromMs: bar.fromMs, toMs: bar.toMs + textMs } };
  }
  return { ...bar, side: 'left', room: { fromMs: bar.fromMs - textMs, toMs: bar.toMs } };
}

/** The bars of one kind in as few rows as keep them from covering each other. */
export function packBars<B extends { readonly room: Span }>(
  bars: readonly B[],
  rowsMax: number,
): (B & { row: number })[] {
  const ends: number[] = [];
  return bars
    .toSorted((a, b) => a.room.fromMs - b.room.fromMs)
    .map((bar) => {
      const free = ends.findIndex((endMs) => endMs <= bar.room.fromMs);
      const row = free >= 0 ? free : Math.min(ends.length, rowsMax - 1);
      ends[row] = Math.max(ends[row] ?? 0, bar.room.toMs);
      return { ...bar, row };
    });
}

/** The moments worth going to: beginnings of all that is drawn, in order. */
export function momentsOf(marks: readonly Mark[], bars: readonly Bar[]): number[] {
  const all = [...marks.map(({ atMs }) => atMs), ...bars.map(({ fromMs }) => fromMs)];
  return [...new Set(all)].toSorted((a, b) => a - b);
}
