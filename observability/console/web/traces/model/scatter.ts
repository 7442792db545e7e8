import type { Summary } from './summary.ts';

export type Area = { readonly width: number; readonly height: number };

export type ScatterPoint = {
  readonly summary: Summary;
  readonly x: number;
  readonly y: number;
  readonly isError: boolean;
};

export type ScatterPlot = {
  /** Errors last, so that they are drawn on top. */
  readonly points: readonly ScatterPoint[];
  readonly times: readonly { readonly x: number; readonly atUs: number }[];
  readonly durations: readonly { readonly y: number; readonly us: number }[];
};

/** Half a minute shows where a single trace is. */
const SPAN_MIN_US = 30e6;

/** Duration (logarithmic, as it is what a few are slow by) over the time of the start, in pixels. */
export function scatterPlot(summaries: readonly Summary[], { width, height }: Area): ScatterPlot {
  if (summaries.length === 0) return { points: [], times: [], durations: [] };
  const starts = summaries.map(({ startUs }) => startUs);
  const [firstUs, lastUs] = widened(least(starts), most(starts));
  const durations = summaries.map(({ durationUs }) => Math.max(1, durationUs));
  const [low, high] = [Math.log10(least(durations)), Math.log10(most(durations))];
  const [bottom, top] = [Math.floor(low), Math.max(Math.ceil(high), Math.floor(low) + 1)];
  const x = (us: number) => ((us - firstUs) / (lastUs - firstUs)) * width;
  const y = (us: number) =>
    height - ((Math.log10(Math.max(1, us)) - bottom) / (top - bottom)) * height;
  const points = summaries.map((summary) => ({
    summary,
    x: x(summary.startUs),
    y: y(summary.durationUs),
    isError: summary.errors > 0,
  }));
  return {
    points: points.toSorted((a, b) => Number(a.isError) - Number(b.isError)),
    times: timesBetween(firstUs, lastUs).map((atUs) => ({ x: x(atUs), atUs })),
    durations: Array.from({ length: top - bottom + 1 }, (_, index) => 10 ** (bottom + index)).map(
      (us) => ({ y: y(us), us }),
    ),
  };
}

/** The point nearest to a place, at most `reach` pixels away. */
export function nearestPoint(
  { points }: ScatterPlot,
  at: { readonly x: number; readonly y: number },
  reach: number,
): ScatterPoint | undefined {
  let [nearest, best]: [ScatterPoint | undefined, number] = [undefined, reach];
  for (const point of points) {
    const distance = Math.hypot(point.x - at.x, point.y - at.y);
    if (distance <= best) [nearest, best] = [point, distance];
  }
  return nearest;
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400];
const TICKS_MAX = 7;

function timesBetween(firstUs: number, lastUs: number): number[] {
  const wanted = (lastUs - firstUs) / 1e6 / TICKS_MAX;
  const stepUs = (STEPS_S.find((step) => step >= wanted) ?? wanted) * 1e6;
  const times: number[] = [];
  for (let at = Math.ceil(firstUs / stepUs) * stepUs; at <= lastUs; at += stepUs) times.push(at);
  return times;
}

function widened(firstUs: number, lastUs: number): [number, number] {
  const missing = Math.max(0, SPAN_MIN_US - (lastUs - firstUs)) / 2;
  const margin = Math.max(missing, (lastUs - firstUs) * 0.02);
  return [firstUs - margin, lastUs + margin];
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}
