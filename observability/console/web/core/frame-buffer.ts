import type { Frame } from './wire.ts';

/**
 * The frames of the last while, in the order of time; the oldest go first when it is full. Of frames
 * that follow each other sooner than `everyMs` the first is kept.
 */
export class FrameBuffer {
  readonly #framesMax: number;
  readonly #everyMs: number;
  #frames: Frame[] = [];

  constructor(framesMax: number, everyMs = 1) {
    this.#framesMax = framesMax;
    this.#everyMs = everyMs;
  }

  /** Another array after each change, by which signals notice it. */
  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** Adds what is newer than all before, and says so; anything else is dropped. */
  add(frame: Frame): boolean {
    const last = this.#frames.at(-1);
    if (last && frame.atMs < last.atMs + this.#everyMs) return false;
    this.#frames = [...this.#frames, frame].slice(-this.#framesMax);
    return true;
  }

  /** Puts in front what was there before the first frame of here. */
  prepend(earlier: readonly Frame[]): void {
    const first = this.#frames[0]?.atMs ?? Infinity;
    const fresh = earlier.filter(({ atMs }) => atMs < first);
    this.#frames = [...fresh, ...this.#frames].slice(-this.#framesMax);
  }

  /** The last frame at or before that moment; the first one there is for all that is earlier. */
  at(ms: number): Frame | undefined {
    let from = 0;
    let to = this.#frames.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#frames[middle]?.atMs ?? 0) <= ms) from = middle + 1;
      else to = middle;
    }
    return this.#frames[Math.max(0, from - 1)];
  }
}
