import { pointOn, type Track } from './path.ts';

/** More would say nothing more. There is always room for some that failed. */
const PARTICLES_MAX = 700;
const FAILURES_MAX = 200;
const SPEED = 0.24;
const SHORTEST_MS = 380;
const LONGEST_MS = 1_500;

type Particle = {
  key: string;
  /** 0 to 1 along the edge. */
  part: number;
  waitMs: number;
  /** On its way back to the caller, with the bad news. */
  isFailure: boolean;
};

/** What is drawn: a call on its way, or a failure that travels to its caller. */
export type Drawn = {
  readonly x: number;
  readonly y: number;
  readonly isFailure: boolean;
  readonly key: string;
};

/** Calls that move along edges. Time and randomness are arguments. */
export class Particles {
  readonly #random: () => number;
  #particles: Particle[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  get size(): number {
    return this.#particles.length;
  }

  /**
   * Lets so many calls start on an edge within the next `overMs`. Those that failed have done so
   * already when anybody hears of them, and set out from where they failed, at once.
   */
  add(key: string, calls: { count: number; failed: number; overMs: number }): void {
    const { count, failed, overMs } = calls;
    for (let at = 0; at < count; at++) {
      const isFailure = at < failed;
      const most = PARTICLES_MAX + (isFailure ? FAILURES_MAX : 0);
      if (this.#particles.length >= most) return;
      const waitMs = isFailure ? 0 : this.#random() * overMs;
      this.#particles.push({ key, part: 0, waitMs, isFailure });
    }
  }

  /** Moves everything on; what has arrived is gone. */
  step(passedMs: number, trackOf: (key: string) => Track | undefined): void {
    const kept: Particle[] = [];
    for (const particle of this.#particles) {
      const track = trackOf(particle.key);
      if (!track) continue;
      if (particle.waitMs > 0) {
        particle.waitMs -= passedMs;
        kept.push(particle);
        continue;
      }
      const wholeMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, track.length / SPEED));
      particle.part += passedMs / wholeMs;
      if (particle.part < 1) kept.push(particle);
    }
    this.#particles = kept;
  }

  clear(): void {
    this.#particles = [];
  }

  *drawn(trackOf: (key: string) => Track | undefined): Generator<Drawn> {
    for (const { key, part, waitMs, isFailure } of this.#particles) {
      const track = trackOf(key);
      if (!track || waitMs > 0) continue;
      yield { ...pointOn(track, isFailure ? 1 - part : part), isFailure, key };
    }
  }
}
