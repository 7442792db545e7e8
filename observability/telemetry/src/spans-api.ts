import type { Attributes, Span, SpanOptions } from '@opentelemetry/api';
import { api, requireOtel } from './otel.ts';
import { ATTRIBUTES, SCOPE_NAME } from './spans.ts';

const core: typeof import('@opentelemetry/core') = requireOtel('@opentelemetry/core');

const TRACEPARENT = 'traceparent';

/**
 * Id of the trace that runs here, 32 hex digits; undefined outside any. For log lines and problem
 * details.
 */
export function currentTraceId(): string | undefined {
  return currentSpanContext()?.traceId;
}

/**
 * The current span as a W3C `traceparent`, to be stored where work continues later; undefined
 * outside any trace.
 */
export function currentTraceparent(): string | undefined {
  const carrier: Record<string, string> = {};
  api.propagation.inject(api.context.active(), carrier);
  return carrier[TRACEPARENT];
}

/**
 * Runs `fn` as a continuation of the trace that `traceparent` names, so that what was written in
 * one context and is done in another stays one trace. An absent or malformed value changes nothing.
 */
export function runWithTraceparent<T>(traceparent: string | null | undefined, fn: () => T): T {
  if (traceparent === null || traceparent === undefined) return fn();
  const carried = api.propagation.extract(api.ROOT_CONTEXT, { [TRACEPARENT]: traceparent });
  return api.trace.getSpanContext(carried) === undefined ? fn() : api.context.with(carried, fn);
}

/** Runs `fn` in the current trace, but without what the caller put into its baggage. */
export function runWithoutBaggage<T>(fn: () => T): T {
  return api.context.with(api.propagation.deleteBaggage(api.context.active()), fn);
}

/**
 * Runs `fn` in a span of its own below the current one. What `fn` throws is recorded (its type and
 * stack, never its message), marks the span as failed and is thrown on.
 */
export async function withSpan<T>(
  name: string,
  attributes: Attributes,
  fn: (span: Span) => Promise<T>,
): Promise<T> {
  return await runInSpan(name, { attributes }, fn);
}

/** `withSpan` with the span's kind and links open; for the helpers of this package. */
export async function runInSpan<T>(
  name: string,
  options: SpanOptions,
  fn: (span: Span) => Promise<T>,
): Promise<T> {
  const tracer = api.trace.getTracer(SCOPE_NAME);
  return await tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await fn(span);
    } catch (error) {
      recordFailure(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/**
 * Notes on the current span that it is about one thing, by id: `annotateSpan({
 * [ATTRIBUTES.orderId]: id })`. Ids only; secrets, card data and personal data never.
 */
export function annotateSpan(attributes: Attributes): void {
  api.trace.getActiveSpan()?.setAttributes(attributes);
}

/**
 * Names the server span of the request that is handled here: `GET <route>`. `route` is a pattern,
 * never a path. The instrumentation of Koa sees only the routes that are there when the router is
 * put to use, and no hand-made routing at all.
 */
export function nameRoute(route: string): void {
  const metadata = core.getRPCMetadata(api.context.active());
  if (metadata?.type === core.RPCType.HTTP) metadata.route = route;
}

function recordFailure(span: Span, error: unknown): void {
  const failure = error instanceof Error ? error : new Error('a value that is no Error was thrown');
  span.recordException(failure);
  span.setAttribute(ATTRIBUTES.errorType, errorType(failure));
  span.setStatus({ code: api.SpanStatusCode.ERROR });
}

/**
 * A code such as ECONNREFUSED or 23505 says more than the class of an error; both are few and carry
 * no values.
 */
function errorType(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function currentSpanContext(): { readonly traceId: string } | undefined {
  const current = api.trace.getSpanContext(api.context.active());
  return current !== undefined && api.isSpanContextValid(current) ? current : undefined;
}
