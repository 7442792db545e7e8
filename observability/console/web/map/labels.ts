import type { Point } from './layout.ts';
import { pointOn, type Track } from './path.ts';

export type Box = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/** What is there already, and how large the whole is. */
type Around = { readonly nodes: readonly Box[]; readonly width: number; readonly height: number };

/** Tried in this order; the last one that overlaps least is taken when none is free. */
const places = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82];

/**
 * Finds for each label a place on its edge where it hides neither nodes nor another label. Boxes
 * are by their middles.
 */
export function placeLabels(
  labels: readonly { key: string; track: Track; width: number; height: number }[],
  { nodes: obstacles, width: right, height: bottom }: Around,
): Map<string, Point> {
  const taken = [...obstacles];
  const placed = new Map<string, Point>();
  for (const { key, track, width, height } of labels) {
    const options = places.map((part) => {
      const { x, y } = pointOn(track, part);
      const box = { x: clamp(x, width, right), y: clamp(y, height, bottom), width, height };
      return { box, cost: taken.reduce((sum, other) => sum + overlap(box, other), 0) };
    });
    const best = options.reduce((a, b) => (b.cost < a.cost ? b : a));
    taken.push(best.box);
    placed.set(key, { x: best.box.x, y: best.box.y });
  }
  return placed;
}

/** Within the whole, for something of this size. */
function clamp(middle: number, size: number, whole: number): number {
  return Math.min(whole - size / 2 - 2, Math.max(size / 2 + 2, middle));
}

function overlap(a: Box, b: Box): number {
  const x = (a.width + b.width) / 2 - Math.abs(a.x - b.x);
  const y = (a.height + b.height) / 2 - Math.abs(a.y - b.y);
  return x > 0 && y > 0 ? x * y : 0;
}
