import type { SpanRecord } from './model.ts';
import { operationOf } from './reading.ts';
import type { Settings } from './settings.ts';
import { Sketch } from './sketch.ts';

const OPERATIONS_MAX = 4_000;

/** What is usual for an operation, as it was before now. */
export type Usual = {
  readonly sketch: Sketch;
  /** Above this a span is slow; Infinity until enough is known. */
  slowMs: number;
  seen: number;
};

/** How long each operation usually takes. */
export class Baselines {
  /** While something is broken, what is seen is not what is usual. */
  frozen = false;
  readonly #settings: Settings;
  readonly #usual = new Map<string, Usual>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** How much longer than usual the span took; 0 when it is not slow. Learns from it, unless it is cold. */
  judge(span: SpanRecord, isCold = false): number {
    const usual = this.#of(span);
    const { durationMs } = span;
    const isSlow = durationMs > usual.slowMs;
    if (!this.frozen && !isCold) {
      // What is slow moves the line a little: a new normal is learnt, an outage is not.
      usual.sketch.add(isSlow ? Math.min(durationMs, usual.slowMs * 1.3) : durationMs);
      if (usual.seen++ % 16 === 0 || usual.seen < 32) usual.slowMs = this.#line(usual.sketch);
    }
    return isSlow ? durationMs - usual.sketch.median : 0;
  }

  /** How much longer than the median the span took, whether or not that is slow. */
  excess(span: SpanRecord): number {
    return Math.max(0, span.durationMs - this.median(span));
  }

  /** What half of the spans like this one take; 0 when none have been seen. */
  median(span: SpanRecord): number {
    return this.#usual.get(operationOf(span))?.sketch.median ?? 0;
  }

  isSlow(span: SpanRecord): boolean {
    return span.durationMs > (this.#usual.get(operationOf(span))?.slowMs ?? Infinity);
  }

  /** Whether it is known what such a span usually takes, and this one took no longer. */
  isInTime(span: SpanRecord): boolean {
    const slowMs = this.#usual.get(operationOf(span))?.slowMs ?? Infinity;
    return slowMs < Infinity && span.durationMs <= slowMs;
  }

  #of(span: SpanRecord): Usual {
    const key = operationOf(span);
    let usual = this.#usual.get(key);
    if (!usual) {
      if (this.#usual.size >= OPERATIONS_MAX) this.#usual.clear();
      usual = { sketch: new Sketch(), slowMs: Infinity, seen: 0 };
      this.#usual.set(key, usual);
    }
    return usual;
  }

  #line(sketch: Sketch): number {
    const { learntAt } = this.#settings;
    const { median, high, count } = sketch;
    if (count >= learntAt) return Math.max(high * 1.25, median * 3, median + 40);
    // Few have been seen: the line is drawn where none of them comes near.
    return count >= learntAt / 4 ? Math.max(high * 2, median * 6, median + 200) : Infinity;
  }
}
