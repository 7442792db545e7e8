import type { Point } from './layout.ts';

const SAMPLES = 20;

/** A curve through the points that leaves and arrives upright, as SVG has it. */
export function curveOf(points: readonly Point[]): string {
  const [first] = points;
  if (!first) return '';
  const parts = segmentsOf(points).map(
    ({ a, b, to }) =>
      `C${round(a.x)} ${round(a.y)} ${round(b.x)} ${round(b.y)} ${round(to.x)} ${round(to.y)}`,
  );
  return `M${round(first.x)} ${round(first.y)}${parts.join('')}`;
}

/** Points along the same curve at even distances; the first and last are its ends. */
export type Track = {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  readonly length: number;
};

export function trackOf(points: readonly Point[]): Track {
  const fine: Point[] = points[0] ? [points[0]] : [];
  for (const { from, a, b, to } of segmentsOf(points)) {
    for (let step = 1; step <= SAMPLES; step++) fine.push(bezier([from, a, b, to], step / SAMPLES));
  }
  const distances = [0];
  for (let at = 1; at < fine.length; at++) {
    distances.push((distances[at - 1] ?? 0) + distance(fine[at - 1], fine[at]));
  }
  const length = distances.at(-1) ?? 0;
  const count = Math.max(2, Math.ceil(length / 4));
  const xs = new Float32Array(count);
  const ys = new Float32Array(count);
  let near = 0;
  for (let at = 0; at < count; at++) {
    const wanted = (length * at) / (count - 1);
    while (near < distances.length - 2 && (distances[near + 1] ?? 0) < wanted) near++;
    const [from = { x: 0, y: 0 }, to = from] = [fine[near], fine[near + 1]];
    const gap = (distances[near + 1] ?? 0) - (distances[near] ?? 0);
    const part = gap > 0 ? (wanted - (distances[near] ?? 0)) / gap : 0;
    xs[at] = from.x + (to.x - from.x) * part;
    ys[at] = from.y + (to.y - from.y) * part;
  }
  return { xs, ys, length };
}

/** Where the track is after a part of it, 0 to 1. */
export function pointOn({ xs, ys }: Track, part: number): Point {
  const at = Math.min(1, Math.max(0, part)) * (xs.length - 1);
  const low = Math.floor(at);
  const high = Math.min(xs.length - 1, low + 1);
  const rest = at - low;
  const [x0 = 0, x1 = 0, y0 = 0, y1 = 0] = [xs[low], xs[high], ys[low], ys[high]];
  return { x: x0 + (x1 - x0) * rest, y: y0 + (y1 - y0) * rest };
}

function segmentsOf(points: readonly Point[]): { from: Point; a: Point; b: Point; to: Point }[] {
  return points.slice(1).flatMap((to, at) => {
    const from = points[at];
    if (!from) return [];
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    if (Math.abs(dy) < 1) {
      return [{ from, a: { x: from.x + dx / 3, y: from.y }, b: { x: to.x - dx / 3, y: to.y }, to }];
    }
    return [{ from, a: { x: from.x, y: from.y + dy / 2 }, b: { x: to.x, y: to.y - dy / 2 }, to }];
  });
}

function bezier([p0, p1, p2, p3]: readonly [Point, Point, Point, Point], t: number): Point {
  const u = 1 - t;
  const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return {
    x: a * p0.x + b * p1.x + c * p2.x + d * p3.x,
    y: a * p0.y + b * p1.y + c * p2.y + d * p3.y,
  };
}

function distance(a: Point | undefined, b: Point | undefined): number {
  return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
