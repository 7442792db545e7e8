import type { Baselines } from './baselines.ts';
import type { SpanRecord } from './model.ts';
import type { Finding } from './finding.ts';
import { type Pass, passOf } from './passages.ts';
import { endOf, isFailed, PROXY_SERVICE } from './reading.ts';
import type { Settings } from './settings.ts';

/** What a pass takes compared with a span. */
const PASS_WEIGHT = 0.25;

/** One trace as far as it has come. */
export type TraceState = {
  readonly id: string;
  readonly spans: SpanRecord[];
  readonly ids: Set<string>;
  /** What sidecars told, by the id of their span. */
  readonly passes: Map<string, Pass>;
  /** Something in it is failed or slow, so it is worth looking at. */
  suspicious: boolean;
  dirty: boolean;
  /** When to look again though nothing has come: a span may be waited for. */
  lookAgainMs: number;
  touchedMs: number;
  findings: readonly Finding[];
};

/** The traces of the last while, bounded in number, size, and spans of all together. */
export class TraceBook {
  readonly #settings: Settings;
  readonly #baselines: Baselines;
  readonly #traces = new Map<string, TraceState>();
  /** Each trace is in one of these two, the oldest first. */
  readonly #suspicious = new Set<TraceState>();
  readonly #calm = new Set<TraceState>();
  #spans = 0;

  constructor(settings: Settings, baselines: Baselines) {
    this.#settings = settings;
    this.#baselines = baselines;
  }

  /** Takes in a span; false for one that was there before or comes too late to fit in. */
  add(span: SpanRecord, { nowMs, cold }: { nowMs: number; cold: boolean }): boolean {
    const trace = this.#of(span.traceId, nowMs);
    if (span.service === PROXY_SERVICE) {
      this.#pass(trace, span);
      return false;
    }
    if (trace.ids.has(span.spanId)) return false;
    if (trace.spans.length >= this.#settings.spansPerTraceMax) return false;
    trace.ids.add(span.spanId);
    trace.spans.push(span);
    trace.touchedMs = nowMs;
    this.#spans += 1;
    const { excessMs, alsoSlow } = this.#baselines.judge(span, cold);
    if (excessMs > 0 || isFailed(span)) this.#suspect(trace);
    for (const id of alsoSlow) this.#lookBackAt(id);
    if (trace.suspicious) trace.dirty = true;
    this.#makeRoom();
    return true;
  }

  #pass(trace: TraceState, span: SpanRecord): void {
    const pass = passOf(span);
    if (!pass || trace.passes.size >= this.#settings.spansPerTraceMax) return;
    if (!trace.passes.has(span.spanId)) this.#spans += PASS_WEIGHT;
    trace.passes.set(span.spanId, pass);
    if (trace.suspicious) trace.dirty = true;
    this.#makeRoom();
  }

  /** Traces with something wrong in them. */
  get suspicious(): ReadonlySet<TraceState> {
    return this.#suspicious;
  }

  /** Forgets traces that ended before `beforeMs`. */
  forget(beforeMs: number): void {
    for (const trace of this.#suspicious) {
      const [last] = trace.spans.slice(-1);
      if (!last || Math.max(trace.touchedMs, endOf(last)) < beforeMs) this.#drop(trace);
    }
    for (const trace of this.#traces.values()) {
      if (trace.touchedMs >= beforeMs) break;
      this.#drop(trace);
    }
  }

  #lookBackAt(id: string): void {
    const trace = this.#traces.get(id);
    if (!trace) return;
    this.#suspect(trace);
    trace.dirty = true;
  }

  #suspect(trace: TraceState): void {
    trace.suspicious = true;
    this.#calm.delete(trace);
    this.#suspicious.add(trace);
  }

  /** In a flood, what is well goes first: it is only kept because something might yet turn out bad. */
  #makeRoom(): void {
    const { tracesMax, spansMax } = this.#settings;
    while (this.#spans > spansMax || this.#traces.size > tracesMax) {
      const [oldest] = this.#calm.size > 0 ? this.#calm : this.#suspicious;
      if (!oldest) return;
      this.#drop(oldest);
    }
  }

  #drop(trace: TraceState): void {
    if (!this.#traces.delete(trace.id)) return;
    this.#spans -= trace.spans.length + trace.passes.size * PASS_WEIGHT;
    this.#suspicious.delete(trace);
    this.#calm.delete(trace);
  }

  #of(id: string, nowMs: number): TraceState {
    let trace = this.#traces.get(id);
    if (!trace) {
      trace = {
        id,
        spans: [],
        ids: new Set(),
        passes: new Map(),
        suspicious: false,
        dirty: false,
        lookAgainMs: Infinity,
        touchedMs: nowMs,
        findings: [],
      };
      this.#traces.set(id, trace);
      this.#calm.add(trace);
    }
    return trace;
  }
}
