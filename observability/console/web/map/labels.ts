import type { Point } from './layout.ts';
import { pointOn, type Track } from './path.ts';

export type Box = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/** What is there already, and how large the whole is. Tags are hidden as little as labels are. */
type Around = {
  readonly nodes: readonly Box[];
  readonly tags: readonly Box[];
  readonly width: number;
  readonly height: number;
};

/** Tried in this order, from the middle outwards; the first that overlaps least is taken. */
const STEP = 0.04;
const STEPS = 9;
const places = [
  0.5,
  ...Array.from({ length: STEPS }, (_, at) =>
    [-1, 1].map((to) => 0.5 + to * (at + 1) * STEP),
  ).flat(),
];
/** Above and below the edge is where a label goes last. */
const asides = [0, -1, 1];
const ASIDE_COST = 60;
/** A label that hides another hides more than one that hides a part of a box. */
const LABEL_COST = 4;

/**
 * Finds for each label a place on its edge where it hides neither nodes nor another label. Boxes
 * are by their middles.
 */
export function placeLabels(
  labels: readonly { key: string; track: Track; width: number; height: number }[],
  { nodes: obstacles, tags, width: right, height: bottom }: Around,
): Map<string, Point> {
  const taken = [...tags];
  const placed = new Map<string, Point>();
  for (const { key, track, width, height } of labels) {
    const options = asides.flatMap((aside) =>
      places.map((part) => {
        const { x, y } = pointOn(track, part);
        const shifted = y + aside * height * 0.7;
        const box = { x: clamp(x, width, right), y: clamp(shifted, height, bottom), width, height };
        const hidden = LABEL_COST * covered(box, taken) + covered(box, obstacles);
        return { box, cost: hidden + Math.abs(aside) * ASIDE_COST };
      }),
    );
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

function covered(box: Box, others: readonly Box[]): number {
  return others.reduce((sum, other) => sum + overlap(box, other), 0);
}

function overlap(a: Box, b: Box): number {
  const x = (a.width + b.width) / 2 - Math.abs(a.x - b.x);
  const y = (a.height + b.height) / 2 - Math.abs(a.y - b.y);
  return x > 0 && y > 0 ? x * y : 0;
}
