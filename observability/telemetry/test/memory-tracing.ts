import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { readTelemetryConfig } from '../src/config.ts';
import { flushTelemetry, setActivePipeline } from '../src/flush.ts';
import { api, requireOtel } from '../src/otel.ts';
import { startTracing } from '../src/tracing.ts';

const sdk: typeof import('@opentelemetry/sdk-trace') = requireOtel('@opentelemetry/sdk-trace');

/** Tracing in this process, until disposed; what would be exported is kept. */
export type MemoryTracing = Disposable & {
  /** All spans ended so far, scrubbed, in the order of their end. */
  spans(): Promise<readonly ReadableSpan[]>;
};

/** Installs OpenTelemetry's globals as a preloaded service has them. */
export function startMemoryTracing(): MemoryTracing {
  const exporter = new sdk.InMemorySpanExporter();
  startTracing({
    ...readTelemetryConfig({ SERVICE_NAME: 'memory' }),
    tracesUrl: 'http://unused.invalid/',
    createExporter: () => exporter,
  });
  return {
    async spans() {
      await flushTelemetry(1_000);
      return exporter.getFinishedSpans();
    },
    [Symbol.dispose]() {
      setActivePipeline(undefined);
      api.trace.disable();
      api.propagation.disable();
      api.context.disable();
    },
  };
}
