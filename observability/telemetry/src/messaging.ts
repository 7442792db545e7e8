import type { Attributes, Context, Link, Span } from '@opentelemetry/api';
import { api } from './otel.ts';
import { runInSpan } from './spans-api.ts';
import { ATTRIBUTES as A, SPAN_NAMES } from './spans.ts';

/** One delivery of one entry of a Redis stream. */
export type Delivery = {
  readonly stream: string;
  readonly group: string;
  readonly eventType: string;
  /** The entry's fields; the producer's context is among them when `injectContext` wrote them. */
  readonly fields: Readonly<Record<string, string>>;
  readonly messageId: string;
  /** 1 on the first delivery. */
  readonly deliveryCount: number;
};

/**
 * `fields` with the current trace (traceparent, tracestate) and baggage added, for the entry of a
 * stream.
 */
export function injectContext(fields: Readonly<Record<string, string>>): Record<string, string> {
  const carrier = { ...fields };
  api.propagation.inject(api.context.active(), carrier);
  return carrier;
}

/**
 * Runs `fn`, which publishes one message, in a PRODUCER span. `injectContext` inside `fn` makes
 * this span the parent of whoever consumes the message.
 */
export async function withProducerSpan<T>(
  stream: string,
  eventType: string,
  fn: (span: Span) => Promise<T>,
): Promise<T> {
  const attributes: Attributes = {
    ...common(stream, eventType),
    [A.messagingOperationName]: 'publish',
    [A.messagingOperationType]: 'send',
  };
  return await runInSpan(
    SPAN_NAMES.publish(stream),
    { kind: api.SpanKind.PRODUCER, attributes },
    fn,
  );
}

/**
 * Runs `fn`, which handles one message, in a CONSUMER span. The span continues the trace the
 * message carries, because what follows from one request is one trace however many queues it
 * crosses; it also links the message's creation, as OpenTelemetry asks of consumers. A message
 * without (or with a malformed) context is handled in the current one.
 */
export async function withConsumerSpan<T>(
  delivery: Delivery,
  fn: (span: Span) => Promise<T>,
): Promise<T> {
  const carried = api.propagation.extract(api.ROOT_CONTEXT, delivery.fields);
  const creation = api.trace.getSpanContext(carried);
  const links: Link[] = creation === undefined ? [] : [{ context: creation }];
  const parent: Context = creation === undefined ? api.context.active() : carried;
  const options = { kind: api.SpanKind.CONSUMER, attributes: consumerAttributes(delivery), links };
  return await api.context.with(parent, () =>
    runInSpan(SPAN_NAMES.process(delivery.stream), options, fn),
  );
}

function consumerAttributes(delivery: Delivery): Attributes {
  return {
    ...common(delivery.stream, delivery.eventType),
    [A.messagingOperationName]: 'process',
    [A.messagingOperationType]: 'process',
    [A.messagingConsumerGroup]: delivery.group,
    [A.messagingMessageId]: delivery.messageId,
    [A.messagingDeliveryCount]: delivery.deliveryCount,
  };
}

function common(stream: string, eventType: string): Attributes {
  return {
    [A.messagingSystem]: 'redis',
    [A.messagingDestination]: stream,
    [A.messagingEventType]: eventType,
  };
}
