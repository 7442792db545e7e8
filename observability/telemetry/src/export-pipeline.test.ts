import type { ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { expect } from 'chai';
import { ExportPipeline } from './export-pipeline.ts';
import { requireOtel } from './otel.ts';

const sdk: typeof import('@opentelemetry/sdk-trace') = requireOtel('@opentelemetry/sdk-trace');

/** An exporter whose answers the test gives by hand. */
class HeldExporter implements SpanExporter {
  readonly batches: {
    readonly spans: ReadableSpan[];
    readonly answer: (result: ExportResult) => void;
  }[] = [];
  readonly #settled: Promise<void>[] = [];

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled.push(promise);
    this.batches.push({
      spans,
      answer(result) {
        done(result);
        resolve();
      },
    });
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#settled);
  }

  async shutdown(): Promise<void> {}
}

const SUCCESS: ExportResult = { code: 0 };
const FAILURE: ExportResult = { code: 1, error: new Error('503') };

/** A pipeline that sends only when told to. */
function start(queueSpansMax: number) {
  const exporter = new HeldExporter();
  const pipeline = new ExportPipeline({
    tracesUrl: 'http://unused.invalid/',
    batchDelayMs: 60_000,
    queueSpansMax,
    createExporter: () => exporter,
  });
  const tracer = new sdk.TracerProvider({ spanProcessors: [pipeline] }).getTracer('test');
  const endSpans = (count: number) => {
    for (let ended = 0; ended < count; ended++) tracer.startSpan('s').end();
  };
  return { pipeline, exporter, endSpans };
}

describe('ExportPipeline', () => {
  it('drops and counts what does not fit, the batch under way included', async () => {
    const { pipeline, exporter, endSpans } = start(10);
    endSpans(10);
    const flushed = pipeline.forceFlush();
    endSpans(3);
    expect(pipeline.droppedSpans).to.equal(3);
    exporter.batches[0]?.answer(SUCCESS);
    await flushed;

    endSpans(10);
    expect(pipeline.droppedSpans).to.equal(3);
    const rest = pipeline.shutdown();
    await new Promise(setImmediate);
    exporter.batches[1]?.answer(SUCCESS);
    await rest;
  });

  it('counts what the collector refused, and takes new spans after it', async () => {
    const { pipeline, exporter, endSpans } = start(5);
    endSpans(5);
    const refused = pipeline.forceFlush();
    exporter.batches[0]?.answer(FAILURE);
    await refused;
    expect(pipeline.droppedSpans).to.equal(5);

    endSpans(2);
    const taken = pipeline.forceFlush();
    expect(exporter.batches[1]?.spans).to.have.length(2);
    exporter.batches[1]?.answer(SUCCESS);
    await taken;
    expect(pipeline.droppedSpans).to.equal(5);
  });

  it('waits, when flushed, for the batch already under way', async () => {
    const { pipeline, exporter, endSpans } = start(5);
    endSpans(1);
    const first = pipeline.forceFlush();
    let flushed = false;
    const second = pipeline.forceFlush().then(() => {
      flushed = true;
    });
    await new Promise(setImmediate);
    expect(flushed).to.equal(false);
    exporter.batches[0]?.answer(SUCCESS);
    await Promise.all([first, second]);
  });

  it('counts spans whose exporter cannot even be made', async () => {
    const pipeline = new ExportPipeline({
      tracesUrl: 'http://unused.invalid/',
      batchDelayMs: 60_000,
      queueSpansMax: 2,
      createExporter() {
        throw new Error('no such module');
      },
    });
    const tracer = new sdk.TracerProvider({ spanProcessors: [pipeline] }).getTracer('test');
    for (let round = 1; round <= 3; round++) {
      tracer.startSpan('s').end();
      await pipeline.forceFlush();
      expect(pipeline.droppedSpans).to.equal(round);
    }
  });

  it('makes no exporter before there is a span', async () => {
    const pipeline = new ExportPipeline({
      tracesUrl: 'http://unused.invalid/',
      batchDelayMs: 1,
      queueSpansMax: 1,
      createExporter: () => expect.fail('an exporter was made'),
    });
    await pipeline.forceFlush();
    await pipeline.shutdown();
  });
});
