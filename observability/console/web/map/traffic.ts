import type { Frame, Pulse } from '../core/wire.ts';
import { people } from './structure.ts';

/** Calls a second that are drawn for each edge at most: a store is asked a hundred times a second. */
const DRAWN_MAX = 14;

/** How many of `count` calls to draw in `overMs`, and how many of these fail: never none of some. */
export function sample(
  { count, failed }: Pick<Pulse, 'count' | 'failed'>,
  overMs: number,
  random: () => number,
): { count: number; failed: number } {
  const most = (DRAWN_MAX * overMs) / 1_000;
  if (count <= most) return { count, failed };
  const drawn = atRandom(most, random);
  const share = drawn * (failed / count);
  const bad = failed > 0 ? Math.max(1, atRandom(share, random)) : 0;
  return { count: Math.max(drawn, bad), failed: bad };
}

/** What would have moved in `overMs` of a frame: for moments of which only rates are kept. */
export function pulsesOf(frame: Frame, overMs: number, random: () => number): Pulse[] {
  const called = new Set(frame.edges.filter(({ kind }) => kind !== 'async').map(({ to }) => to));
  const doors = frame.nodes.filter(({ name, kind }) => kind === 'service' && !called.has(name));
  const visits = doors.map(({ name: to, requestsPerSecond, errorShare }) => {
    return { from: people.name, to, requestsPerSecond, errorShare };
  });
  return [...visits, ...frame.edges].flatMap(({ from, to, requestsPerSecond, errorShare }) => {
    const count = atRandom((requestsPerSecond * overMs) / 1_000, random);
    const failed = Math.min(count, atRandom(count * errorShare, random));
    return count > 0 ? [{ from, to, count, failed }] : [];
  });
}

/** A whole number whose mean over many is `value`. */
function atRandom(value: number, random: () => number): number {
  const whole = Math.floor(value);
  return whole + (random() < value - whole ? 1 : 0);
}
