import type { Spell } from './spell.ts';

/** The middle look of a second comes this much later than usual on a machine that has time. */
const USUAL_SPREAD = 1.4;
const FACTOR_MAX = 4;
const SECOND_MS = 1_000;
/** Looks in a second that tell of the machine, and not of one sidecar. */
const LOOKS_MIN = 3;
/** From when on nobody has time. */
const HURRIED = 0.5;
/** What is further apart is not one time without time. */
const APART_MS = 3_000;
/** So many seconds that come sooner than usual are learnt fast: a system that starts may have no time at first. */
const LEARNT_AT = 20;

/**
 * Whether the sidecars are still looked at as often as usual. Who looks at them does little else: when
 * it is late with most, everybody is short of time, and this shows before anything else does.
 */
export class Pace {
  #usualMs = Infinity;
  /** Seconds that came sooner than usual. */
  #sooner = 0;
  #factor = 1;
  #sinceMs = -Infinity;
  #hurried: Spell | undefined;
  readonly #periodsMs: number[] = [];

  /** Takes in that a sidecar was looked at at `atMs`, and how long before that the last time. */
  note({ atMs, periodMs }: { atMs: number; periodMs: number }): void {
    if (!(periodMs > 0)) return;
    if (Math.abs(atMs - this.#sinceMs) >= SECOND_MS) {
      if (this.#periodsMs.length >= LOOKS_MIN) this.#learn(middle(this.#periodsMs));
      this.#periodsMs.length = 0;
      this.#sinceMs = atMs;
    }
    this.#periodsMs.push(periodMs);
    if (this.hurry >= HURRIED) this.#hurried = prolonged(this.#hurried, atMs);
  }

  #learn(periodMs: number): void {
    if (this.#usualMs === Infinity) this.#usualMs = periodMs;
    const factor = Math.min(FACTOR_MAX, periodMs / this.#usualMs);
    this.#usualMs +=
      (Math.min(periodMs, this.#usualMs * 2) - this.#usualMs) * this.#weightOf(factor);
    // What comes of it lasts a little longer.
    this.#factor += (factor - this.#factor) * (factor > this.#factor ? 0.6 : 0.08);
  }

  /** What lasts becomes usual in a minute or two; sooner where that is to have more time. */
  #weightOf(factor: number): number {
    if (factor >= 1) return 0.01;
    return this.#sooner++ < LEARNT_AT ? 0.5 : 0.1;
  }

  /** By how much of the usual time looks are late beyond what is usual; 0 where they are not. */
  get hurry(): number {
    return Math.max(0, this.#factor - USUAL_SPREAD);
  }

  /** When nobody had time the last time, until now at the most. */
  get hurried(): Spell | undefined {
    return this.#hurried;
  }
}

function prolonged(spell: Spell | undefined, atMs: number): Spell {
  if (!spell || atMs > spell.untilMs + APART_MS) return { sinceMs: atMs, untilMs: atMs };
  return { sinceMs: spell.sinceMs, untilMs: Math.max(spell.untilMs, atMs) };
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
