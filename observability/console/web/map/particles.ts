import { pointOn, type Track } from './path.ts';

/** More would say nothing more. */
const PARTICLES_MAX = 700;
const SPEED = 0.24;
const SHORTEST_MS = 380;
const LONGEST_MS = 1_500;

type Particle = {
  key: string;
  /** 0 to 1 along the edge. */
  part: number;
  waitMs: number;
  fails: boolean;
  /** On its way back, with the bad news. */
  isBack: boolean;
};

/** What is drawn: a call on its way, one that will fail, or a failure that travels to its caller. */
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

  /** Lets so many calls start on an edge within the next `overMs`. */
  add(key: string, calls: { count: number; failed: number; overMs: number }): void {
    const { count, failed, overMs } = calls;
    for (let at = 0; at < count && this.#particles.length < PARTICLES_MAX; at++) {
      this.#particles.push({
        key,
        part: 0,
        waitMs: this.#random() * overMs,
        fails: at < failed,
        isBack: false,
      });
    }
  }

  /** Moves everything on; `onNews` is told where a failure has come back to its caller. */
  step(
    passedMs: number,
    trackOf: (key: string) => Track | undefined,
    onNews?: (key: string) => void,
  ): void {
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
      else if (particle.fails && !particle.isBack) {
        particle.isBack = true;
        particle.part = 0;
        kept.push(particle);
      } else if (particle.isBack) onNews?.(particle.key);
    }
    this.#particles = kept;
  }

  clear(): void {
    this.#particles = [];
  }

  *drawn(trackOf: (key: string) => Track | undefined): Generator<Drawn> {
    for (const { key, part, waitMs, isBack } of this.#particles) {
      const track = trackOf(key);
      if (!track || waitMs > 0) continue;
      const at = pointOn(track, isBack ? 1 - part : part);
      yield { ...at, isFailure: isBack, key };
    }
  }
}
