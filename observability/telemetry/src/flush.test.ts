import type { ExportResult } from '@opentelemetry/core';
import { expect } from 'chai';
import { ExportPipeline } from './export-pipeline.ts';
import { droppedSpans, flushTelemetry, setActivePipeline } from './flush.ts';
import { requireOtel } from './otel.ts';

const sdk: typeof import('@opentelemetry/sdk-trace') = requireOtel('@opentelemetry/sdk-trace');

describe('flushTelemetry', () => {
  afterEach(() => setActivePipeline(undefined));

  it('has nothing to do where nothing is exported', async () => {
    expect(await flushTelemetry(0)).to.equal(true);
    expect(droppedSpans()).to.equal(0);
  });

  it('gives up in time on a collector that does not answer, and says so', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<(result: ExportResult) => void>();
    const pipeline = new ExportPipeline({
      tracesUrl: 'http://unused.invalid/',
      batchDelayMs: 60_000,
      queueSpansMax: 10,
      createExporter: () => ({ export: (_spans, done) => resolve(done), shutdown: async () => {} }),
    });
    new sdk.TracerProvider({ spanProcessors: [pipeline] }).getTracer('test').startSpan('s').end();
    setActivePipeline(pipeline);
    const startedMs = performance.now();
    expect(await flushTelemetry(20)).to.equal(false);
    expect(performance.now() - startedMs).to.be.within(15, 1_000);
    (await asked)({ code: 1 });
    expect(droppedSpans()).to.equal(1);
  });
});
