import { expect } from 'chai';
import { type MemoryTracing, startMemoryTracing } from '../test/memory-tracing.ts';
import { api } from './otel.ts';
import {
  annotateSpan,
  currentTraceId,
  currentTraceparent,
  runWithTraceparent,
  withSpan,
} from './spans-api.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

describe('spans in a process without telemetry', () => {
  it('run what they wrap and have no ids', async () => {
    const ids = await withSpan('step', {}, async () => [currentTraceId(), currentTraceparent()]);
    expect(ids).to.deep.equal([undefined, undefined]);
    expect(runWithTraceparent(`00-${TRACE}-${PARENT}-01`, () => 'ran')).to.equal('ran');
  });
});

describe('spans', () => {
  let tracing: MemoryTracing;
  beforeEach(() => {
    tracing = startMemoryTracing();
  });
  afterEach(() => tracing[Symbol.dispose]());

  it('nest, also across awaits, and share one trace id', async () => {
    await withSpan('outer', {}, async () => {
      await Promise.resolve();
      await withSpan('inner', { 'order.id': '7' }, async () => annotateSpan({ 'product.id': '9' }));
    });
    const [inner, outer] = await tracing.spans();
    expect(inner?.parentSpanContext?.spanId).to.equal(outer?.spanContext().spanId);
    expect(inner?.attributes).to.deep.equal({ 'order.id': '7', 'product.id': '9' });
  });

  it('tell the current trace as an id and as a traceparent', async () => {
    await withSpan('step', {}, async (span) => {
      const { traceId, spanId } = span.spanContext();
      expect(currentTraceId()).to.equal(traceId);
      expect(currentTraceparent()).to.equal(`00-${traceId}-${spanId}-01`);
    });
    expect(currentTraceId()).to.equal(undefined);
    expect(currentTraceparent()).to.equal(undefined);
  });

  it('continue a stored trace', async () => {
    await runWithTraceparent(`00-${TRACE}-${PARENT}-01`, () =>
      withSpan('later', {}, async () => {}),
    );
    const [later] = await tracing.spans();
    expect(later?.spanContext().traceId).to.equal(TRACE);
    expect(later?.parentSpanContext?.spanId).to.equal(PARENT);
  });

  for (const stored of [undefined, null, '', 'rubbish', `00-${'0'.repeat(32)}-${PARENT}-01`]) {
    it(`stay in the current trace when the stored one is ${JSON.stringify(stored)}`, async () => {
      await withSpan('now', {}, async (span) => {
        const inside = runWithTraceparent(stored, currentTraceId);
        expect(inside).to.equal(span.spanContext().traceId);
      });
    });
  }

  it('pass on what fails, marked with its code and stack but not with its words', async () => {
    const words = 'card refused:\n    at 4242 4242';
    const failure = Object.assign(new Error(words), { code: 'card_declined' });
    const caught = await withSpan('step', {}, () => Promise.reject(failure)).catch(
      (e: unknown) => e,
    );
    expect(caught).to.equal(failure);
    const [span] = await tracing.spans();
    expect(span?.status).to.deep.equal({
      code: api.SpanStatusCode.ERROR,
      message: 'card_declined',
    });
    expect(span?.attributes['error.type']).to.equal('card_declined');
    expect(span?.events[0]?.attributes?.['exception.stacktrace']).to.match(
      /^ +at .*spans-api\.test/,
    );
    expect(JSON.stringify([span?.events, span?.attributes, span?.status])).not.to.contain('4242');
  });

  it('survive a thrown value that is no error', async () => {
    // Rejecting with a string is the case under test.
    await withSpan('step', {}, () => Promise.reject('canary')).catch(() => undefined);
    const [span] = await tracing.spans();
    expect(span?.attributes['error.type']).to.equal('Error');
    expect(JSON.stringify(span?.events)).not.to.contain('canary');
  });
});
