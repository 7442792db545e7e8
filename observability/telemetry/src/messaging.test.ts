import { expect } from 'chai';
import { type MemoryTracing, startMemoryTracing } from '../test/memory-tracing.ts';
import { type Delivery, injectContext, withConsumerSpan, withProducerSpan } from './messaging.ts';
import { api } from './otel.ts';
import { currentTraceparent, runWithTraceparent, withSpan } from './spans-api.ts';

const STREAM = 'orders.events';

function delivery(fields: Record<string, string>): Delivery {
  return {
    stream: STREAM,
    group: 'mail',
    eventType: 'order.placed',
    fields,
    messageId: '7-0',
    deliveryCount: 1,
  };
}

describe('messaging spans', () => {
  let tracing: MemoryTracing;
  beforeEach(() => {
    tracing = startMemoryTracing();
  });
  afterEach(() => tracing[Symbol.dispose]());

  it('make one trace of a request, its outbox row, the publishing and the handling', async () => {
    const stored = await withSpan('request', {}, async () => currentTraceparent());
    const fields = await runWithTraceparent(stored, () =>
      withProducerSpan(STREAM, 'order.placed', async () => injectContext({ event: '{}' })),
    );
    await withConsumerSpan(delivery(fields), () => withSpan('mail', {}, async () => {}));

    const [request, publish, mail, process] = await tracing.spans();
    const traces = [request, publish, mail, process].map((span) => span?.spanContext().traceId);
    expect(new Set(traces).size).to.equal(1);
    expect(publish?.parentSpanContext?.spanId).to.equal(request?.spanContext().spanId);
    expect(process?.parentSpanContext?.spanId).to.equal(publish?.spanContext().spanId);
    expect(mail?.parentSpanContext?.spanId).to.equal(process?.spanContext().spanId);
    expect(process?.links.map(({ context }) => context.spanId)).to.deep.equal([
      publish?.spanContext().spanId,
    ]);
  });

  it('say what was published and handled, by kind, name and attributes', async () => {
    const fields = await withProducerSpan(STREAM, 'order.placed', async () => injectContext({}));
    await withConsumerSpan({ ...delivery(fields), deliveryCount: 3 }, async () => {});

    const [publish, process] = await tracing.spans();
    expect(publish).to.include({ name: 'publish orders.events', kind: api.SpanKind.PRODUCER });
    expect(publish?.attributes).to.deep.equal({
      'messaging.system': 'redis',
      'messaging.destination.name': STREAM,
      'messaging.message.event_type': 'order.placed',
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
    });
    expect(process).to.include({ name: 'process orders.events', kind: api.SpanKind.CONSUMER });
    expect(process?.attributes).to.deep.equal({
      'messaging.system': 'redis',
      'messaging.destination.name': STREAM,
      'messaging.message.event_type': 'order.placed',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': 'mail',
      'messaging.message.id': '7-0',
      'messaging.message.delivery_count': 3,
    });
  });

  it('keep the fields and carry baggage along', async () => {
    const baggage = api.propagation.createBaggage({ experiment: { value: 'b' } });
    const carrier = api.propagation.setBaggage(api.ROOT_CONTEXT, baggage);
    const sent = await api.context.with(carrier, () =>
      withProducerSpan(STREAM, 'order.placed', async () => injectContext({ event: '{}' })),
    );
    expect(sent).to.include({ event: '{}', baggage: 'experiment=b' });
    const received = await withConsumerSpan(
      delivery(sent),
      async () => api.propagation.getActiveBaggage()?.getEntry('experiment')?.value,
    );
    expect(received).to.equal('b');
  });

  for (const fields of [{}, { traceparent: 'rubbish' }]) {
    it(`start a trace of their own for a message with ${JSON.stringify(fields)}`, async () => {
      await withConsumerSpan(delivery(fields), async () => {});
      const [process] = await tracing.spans();
      expect(process?.parentSpanContext).to.equal(undefined);
      expect(process?.links).to.deep.equal([]);
    });
  }

  it('mark a message that could not be handled', async () => {
    const fails = withConsumerSpan(delivery({}), () =>
      Promise.reject(new TypeError('no such order')),
    );
    expect(await fails.catch((error: unknown) => error)).to.be.instanceOf(TypeError);
    const [process] = await tracing.spans();
    expect(process?.status).to.deep.equal({ code: api.SpanStatusCode.ERROR, message: 'TypeError' });
  });
});
