import type { SpanRecord } from './model.ts';
import { operationOf } from './reading.ts';
import type { Settings } from './settings.ts';
import { Shift, shiftLine } from './shift.ts';
import { Sketch } from './sketch.ts';

const OPERATIONS_MAX = 4_000;
/** A shift is one from what so many calls have taken: a start, or what broke before, is soon forgotten. */
const LATELY_CALLS = 40;
/** How many of the calls before a shift turn out to be part of it. */
const BEFORE_SHIFT = 6;
/** What is above its line counts for so much among them: it may be broken, or it may last. */
const ABOVE_WEIGHT = 0.05;

/** What is usual for an operation, as it was before now. */
export type Usual = {
  readonly sketch: Sketch;
  /** The same of the last calls: what a shift is one from. */
  readonly lately: Sketch;
  /** Above this a span is slow; Infinity until enough is known. */
  slowMs: number;
  /** Above this it is when most of the last ones are; Infinity until enough is known. */
  shiftedMs: number;
  readonly shift: Shift;
  /** The traces of the last spans above that line, while it is no shift yet. */
  above: string[];
  seen: number;
};

/** How much longer than usual a span took; 0 when it is not slow. */
export type Judged = {
  readonly excessMs: number;
  /** Traces in which a span like it turns out to be slow as well: a shift is seen after some calls. */
  readonly alsoSlow: readonly string[];
};

const NONE: readonly string[] = [];

/** How long each operation usually takes. */
export class Baselines {
  /** While something is broken, what is seen is not what is usual. */
  frozen = false;
  readonly #settings: Settings;
  readonly #usual = new Map<string, Usual>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Whether the span is slow. Learns from it, unless it is cold. */
  judge(span: SpanRecord, isCold = false): Judged {
    const usual = this.#of(span);
    const { durationMs } = span;
    const isAbove = durationMs > usual.shiftedMs;
    usual.shift.note(isAbove ? 1 : 0, 1);
    const alsoSlow = beforeShift(usual, isAbove ? span.traceId : undefined);
    const lineMs = lineOf(usual);
    const isSlow = durationMs > lineMs;
    if (!this.frozen && !isCold) {
      // What is slow moves the line a little: a new normal is learnt, an outage is not.
      const learntMs = isSlow ? Math.min(durationMs, lineMs * 1.3) : durationMs;
      usual.sketch.add(learntMs);
      usual.lately.add(learntMs, isAbove ? ABOVE_WEIGHT : 1);
      if (usual.seen++ % 16 === 0 || usual.seen < 32) this.#draw(usual);
    }
    return { excessMs: isSlow ? durationMs - medianOf(usual) : 0, alsoSlow };
  }

  /** How much longer than the median the span took, whether or not that is slow. */
  excess(span: SpanRecord): number {
    return Math.max(0, span.durationMs - this.median(span));
  }

  /** What half of the spans like this one take; 0 when none have been seen. */
  median(span: SpanRecord): number {
    return medianOf(this.#usual.get(operationOf(span)));
  }

  isSlow(span: SpanRecord): boolean {
    return span.durationMs > lineOf(this.#usual.get(operationOf(span)));
  }

  /** Whether it is known what such a span usually takes, and this one took no longer. */
  isInTime(span: SpanRecord): boolean {
    const lineMs = lineOf(this.#usual.get(operationOf(span)));
    return lineMs < Infinity && span.durationMs <= lineMs;
  }

  #of(span: SpanRecord): Usual {
    const key = operationOf(span);
    let usual = this.#usual.get(key);
    if (!usual) {
      if (this.#usual.size >= OPERATIONS_MAX) this.#usual.clear();
      usual = {
        sketch: new Sketch(),
        lately: new Sketch(LATELY_CALLS),
        slowMs: Infinity,
        shiftedMs: Infinity,
        shift: new Shift(),
        above: [],
        seen: 0,
      };
      this.#usual.set(key, usual);
    }
    return usual;
  }

  #draw(usual: Usual): void {
    const { learntAt } = this.#settings;
    const { median, high, count } = usual.sketch;
    if (count >= learntAt) {
      const { lately } = usual;
      usual.slowMs = Math.max(high * 1.25, median * 3, median + 40);
      usual.shiftedMs = Math.max(lately.most * 1.5, shiftLine(lately.median));
      return;
    }
    // Few have been seen: the line is drawn where none of them comes near.
    usual.slowMs = count >= learntAt / 4 ? Math.max(high * 2, median * 6, median + 200) : Infinity;
  }
}

/** The traces of what was above the line before it became a shift, at the moment when it does. */
function beforeShift(usual: Usual, traceId: string | undefined): readonly string[] {
  const { above, shift } = usual;
  if (!shift.isNow) {
    if (traceId !== undefined) above.push(traceId);
    if (above.length > BEFORE_SHIFT) above.shift();
    return NONE;
  }
  if (above.length === 0) return NONE;
  usual.above = [];
  return above;
}

/** Of the last calls where they were faster: what a start has taken is of no interest after it. */
function medianOf(usual: Usual | undefined): number {
  return usual ? Math.min(usual.sketch.median, usual.lately.median) : 0;
}

function lineOf(usual: Usual | undefined): number {
  if (!usual) return Infinity;
  const { slowMs, shiftedMs, shift } = usual;
  return shift.isNow ? Math.min(slowMs, shiftedMs) : slowMs;
}
