import type { Clock } from '@faultline/chassis/clock';
import type { SpanMetrics } from '../metrics/span-metrics.ts';
import { sinkAttributes, SinkBatch, type SpanSink } from '../sink.ts';
import type { Resource, Scope } from '../storage/interner.ts';
import { TRACE_SPANS_MAX, type TraceStore } from '../storage/trace-store.ts';
import { WireError } from '../wire/cursor.ts';
import { SpanScan } from '../wire/span-scan.ts';
import { walkRequest } from './request.ts';

/** A span with more than this is a mistake, and would fill blocks of its own. */
export const SPAN_BYTES_MAX = 512 * 1_024;

const REASONS_SHOWN = 3;

/** What became of a request's spans. `message` says why some were refused; '' when none were. */
export type IngestResult = {
  readonly accepted: number;
  readonly rejected: number;
  readonly message: string;
};

/** Thrown for a request that cannot be read to its end; what came before has been taken. */
export class BrokenRequestError extends Error {
  override name = 'BrokenRequestError';
}

export type IngestDeps = {
  store: TraceStore;
  metrics: SpanMetrics;
  sinks: readonly SpanSink[];
  clock: Clock;
};

/** Takes requests apart and gives each span to the store, the metrics and whoever listens. */
export class Ingest {
  readonly #deps: IngestDeps;
  readonly #scan = new SpanScan();
  readonly #attributes: ReturnType<typeof sinkAttributes> | undefined;
  /** Since the start. */
  readonly counts = { accepted: 0, rejected: 0 };

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    this.#attributes = deps.sinks.length > 0 ? sinkAttributes() : undefined;
  }

  /**
   * Takes an encoded `ExportTraceServiceRequest`. Good spans are kept whatever is wrong with others;
   * `refused` says what was wrong with those that could not even be encoded.
   * @throws BrokenRequestError when the request ends in the middle.
   */
  accept(body: Buffer, refused: readonly string[] = []): IngestResult {
    const intake = new Intake(this.#deps, this.#scan, new SinkBatch(this.#attributes));
    for (const reason of refused) intake.refused(new WireError(reason), 1);
    try {
      walkRequest(body, intake);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const { accepted } = this.#finish(intake);
      const kept = `the ${accepted} spans before that were kept`;
      throw new BrokenRequestError(`the request cannot be read: ${error.message}; ${kept}`);
    }
    return this.#finish(intake);
  }

  #finish(intake: Intake): IngestResult {
    const { store } = this.#deps;
    const result = intake.result();
    this.counts.accepted += result.accepted;
    this.counts.rejected += result.rejected;
    store.reclaim();
    intake.batch.deliver(this.#deps.sinks);
    return result;
  }
}

/** One request on its way in. */
class Intake {
  readonly batch: SinkBatch;
  readonly #deps: IngestDeps;
  readonly #scan: SpanScan;
  readonly #reasons = new Map<string, number>();
  readonly #nowMs: number;
  #accepted = 0;
  #rejected = 0;
  #group: { resource: Resource; scope: Scope } | undefined;

  constructor(deps: IngestDeps, scan: SpanScan, batch: SinkBatch) {
    this.#deps = deps;
    this.#scan = scan;
    this.#nowMs = deps.clock.now();
    this.batch = batch;
  }

  group(...[resource, scope]: Parameters<Parameters<typeof walkRequest>[1]['group']>): void {
    const { store } = this.#deps;
    this.#group = {
      resource: store.resources.intern(resource),
      scope: store.scopes.intern(scope),
    };
  }

  span(bytes: Buffer, start: number, end: number): void {
    const { store, metrics } = this.#deps;
    const group = this.#group;
    if (!group) throw new WireError('a span belongs to no scope');
    if (end - start > SPAN_BYTES_MAX) {
      throw new WireError(`a span has ${end - start} bytes, expected at most ${SPAN_BYTES_MAX}`);
    }
    const scan = this.#scan;
    scan.scan(bytes, start, end);
    const series = metrics.of(group.resource, scan);
    const result = store.add(scan, { ...group, slow: series.isSlow(scan) });
    if (result === 'crowded') {
      throw new WireError(`a trace has more than ${TRACE_SPANS_MAX} spans`);
    }
    this.#accepted += 1;
    series.record(scan, this.#nowMs);
    this.batch.add(scan, group.resource);
  }

  refused({ message }: WireError, spans: number): void {
    this.#rejected += spans;
    if (this.#reasons.size < REASONS_SHOWN || this.#reasons.has(message)) {
      this.#reasons.set(message, (this.#reasons.get(message) ?? 0) + spans);
    }
  }

  result(): IngestResult {
    const reasons = [...this.#reasons].map(([reason, spans]) => `${reason} (${spans})`);
    const message = reasons.length === 0 ? '' : `spans were refused: ${reasons.join('; ')}`;
    return { accepted: this.#accepted, rejected: this.#rejected, message };
  }
}
