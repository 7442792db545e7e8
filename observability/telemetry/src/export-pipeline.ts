import type { ExportResult } from '@opentelemetry/core';
import type {
  BatchSpanProcessor,
  ReadableSpan,
  SpanExporter,
  SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { requireOtel } from './otel.ts';
import { isNoise, scrub } from './scrub.ts';

const core: typeof import('@opentelemetry/core') = requireOtel('@opentelemetry/core');
const sdk: typeof import('@opentelemetry/sdk-trace') = requireOtel('@opentelemetry/sdk-trace');

/**
 * Longest life of one export, retries included. A slow collector costs spans, never memory; and a
 * process that ends while its collector is dead lingers no longer than this.
 */
const EXPORT_TIMEOUT_MS = 1_500;

const { SUCCESS: EXPORTED, FAILED } = core.ExportResultCode;

/** Where spans go and how many may wait. */
export type ExportPipelineOptions = {
  readonly tracesUrl: string;
  readonly batchDelayMs: number;
  readonly queueSpansMax: number;
  /**
   * Replaces OTLP/HTTP to `tracesUrl`; made on the first export, so that loading it delays no
   * start.
   */
  readonly createExporter?: () => SpanExporter;
};

/**
 * Ended spans on their way out: scrubbed, bounded, batched, sent. Never waits for and never throws
 * into the request that ended the span.
 */
export class ExportPipeline implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  readonly #createExporter: () => SpanExporter;
  readonly #queueSpansMax: number;
  #exporter: SpanExporter | undefined;
  #outstanding = 0;
  #dropped = 0;

  constructor(options: ExportPipelineOptions) {
    this.#createExporter = options.createExporter ?? (() => otlpExporter(options.tracesUrl));
    this.#queueSpansMax = options.queueSpansMax;
    this.#batches = new sdk.BatchSpanProcessor({
      exporter: {
        export: (spans, done) => this.#export(spans, done),
        shutdown: async () => this.#exporter?.shutdown(),
      },
      scheduledDelayMillis: options.batchDelayMs,
      maxQueueSize: options.queueSpansMax,
      maxExportBatchSize: Math.min(512, options.queueSpansMax),
      exportTimeoutMillis: EXPORT_TIMEOUT_MS,
    });
  }

  /** Spans lost since the start: the queue was full, or the collector did not take them. */
  get droppedSpans(): number {
    return this.#dropped;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (isNoise(span)) return;
    if (this.#outstanding >= this.#queueSpansMax) {
      this.#dropped += 1;
      return;
    }
    this.#outstanding += 1;
    scrub(span);
    this.#batches.onEnd(span);
  }

  /**
   * Sends what waits, and waits for what is already under way, which the batch processor alone does
   * not.
   */
  async forceFlush(): Promise<void> {
    await Promise.allSettled([this.#batches.forceFlush(), this.#exporter?.forceFlush?.()]);
  }

  async shutdown(): Promise<void> {
    await this.#batches.shutdown();
  }

  #export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    const settle = (result: ExportResult) => {
      this.#outstanding -= spans.length;
      if (result.code !== EXPORTED) this.#dropped += spans.length;
      done(result);
    };
    try {
      this.#exporter ??= this.#createExporter();
      this.#exporter.export(spans, settle);
    } catch (error) {
      settle({ code: FAILED, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }
}

function otlpExporter(url: string): SpanExporter {
  const otlp: typeof import('@opentelemetry/exporter-trace-otlp-proto') = requireOtel(
    '@opentelemetry/exporter-trace-otlp-proto',
  );
  return new otlp.OTLPTraceExporter({
    url,
    timeoutMillis: EXPORT_TIMEOUT_MS,
    concurrencyLimit: 16,
    // An agent of its own: Node's global one may lead through the mesh, which must not carry, nor
    // be blamed for, traces.
    httpAgentOptions: { keepAlive: true, maxSockets: 4 },
  });
}
