import type { Baselines } from './baselines.ts';
import type { SpanRecord } from './model.ts';
import type { Finding } from './finding.ts';
import { endOf, isFailed, PROXY_SERVICE } from './reading.ts';
import type { Settings } from './settings.ts';

/** One trace as far as it has come. */
export type TraceState = {
  readonly id: string;
  readonly spans: SpanRecord[];
  readonly ids: Set<string>;
  /** Parents of the sidecars' spans, which only connect. */
  readonly proxies: Map<string, string>;
  /** Something in it is failed or slow, so it is worth looking at. */
  suspicious: boolean;
  dirty: boolean;
  /** When to look again though nothing has come: a span may be waited for. */
  lookAgainMs: number;
  touchedMs: number;
  findings: readonly Finding[];
};

/** The traces of the last while, bounded in number and size. */
export class TraceBook {
  readonly #settings: Settings;
  readonly #baselines: Baselines;
  readonly #traces = new Map<string, TraceState>();
  readonly #suspicious = new Set<TraceState>();

  constructor(settings: Settings, baselines: Baselines) {
    this.#settings = settings;
    this.#baselines = baselines;
  }

  /** Takes in a span; false for one that was there before or comes too late to fit in. */
  add(span: SpanRecord, { nowMs, cold }: { nowMs: number; cold: boolean }): boolean {
    const trace = this.#of(span.traceId, nowMs);
    if (span.service === PROXY_SERVICE) {
      if (trace.suspicious && span.parentSpanId !== undefined) {
        trace.proxies.set(span.spanId, span.parentSpanId);
      }
      return false;
    }
    if (trace.ids.has(span.spanId)) return false;
    if (trace.spans.length >= this.#settings.spansPerTraceMax) return false;
    trace.ids.add(span.spanId);
    trace.spans.push(span);
    trace.touchedMs = nowMs;
    const excessMs = this.#baselines.judge(span, cold);
    if (excessMs > 0 || isFailed(span)) {
      trace.suspicious = true;
      this.#suspicious.add(trace);
    }
    if (trace.suspicious) trace.dirty = true;
    return true;
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

  #drop(trace: TraceState): void {
    this.#traces.delete(trace.id);
    this.#suspicious.delete(trace);
  }

  #of(id: string, nowMs: number): TraceState {
    let trace = this.#traces.get(id);
    if (!trace) {
      trace = {
        id,
        spans: [],
        ids: new Set(),
        proxies: new Map(),
        suspicious: false,
        dirty: false,
        lookAgainMs: Infinity,
        touchedMs: nowMs,
        findings: [],
      };
      this.#traces.set(id, trace);
      const [oldest] = this.#traces.values();
      if (oldest && this.#traces.size > this.#settings.tracesMax) this.#drop(oldest);
    }
    return trace;
  }
}
