import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { api } from './otel.ts';
import { ATTRIBUTES as A } from './spans.ts';

const HTTP = [A.httpRequestMethod, A.httpResponseStatusCode, A.networkProtocolVersion, A.errorType];
const DATABASE = [A.dbSystemName, A.dbOperationName, A.serverAddress, A.serverPort, A.errorType];

/**
 * What each library's spans may say; the rest (client addresses, user agents, query strings, host
 * headers, the proxy's address instead of the peer's) is dropped, also what a new version of the
 * library starts to add.
 */
const ALLOWED: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['http server', new Set<string>([...HTTP, A.httpRoute, A.urlPath, A.urlScheme])],
  ['http client', new Set<string>([...HTTP, A.serverAddress, A.serverPort, A.urlFull])],
  ['koa', new Set<string>([A.httpRoute])],
  ['pg', new Set<string>([...DATABASE, A.dbNamespace, A.dbQueryText])],
  ['ioredis', new Set<string>(DATABASE)],
]);

const LIBRARY = /^@opentelemetry\/instrumentation-(?<library>.+)$/;
const PG_CODE = /\(code: (?<code>\w+)\)$/;

/**
 * Commands the Redis client sends on its own when it connects; some fail by design on older
 * servers.
 */
const REDIS_HANDSHAKE: ReadonlySet<string> = new Set([
  'auth',
  'client',
  'connect',
  'hello',
  'info',
  'readonly',
  'select',
]);

/** True for a span that no request asked for, and that is nobody's parent. */
export function isNoise(span: ReadableSpan): boolean {
  return library(span) === 'ioredis' && REDIS_HANDSHAKE.has(span.name);
}

/**
 * Removes, in place, what must not leave the process. Messages of errors quote the values they
 * complain about, so only an error's type or code and its stack frames stay; the log line with the
 * same trace id has the words.
 */
export function scrub(span: ReadableSpan): void {
  const allowed = allowedAttributes(span);
  if (allowed !== undefined) keepOnly(span.attributes, allowed);
  let errorType: string | undefined;
  for (const event of span.events) {
    if (event.name !== 'exception' || event.attributes === undefined) continue;
    errorType = scrubException(event.attributes);
  }
  if (span.status.code !== api.SpanStatusCode.ERROR) return;
  const declared = span.attributes[A.errorType];
  // "Error" is an instrumentation that looked at the class only; a code says what happened.
  if (declared === undefined || declared === 'Error') {
    span.attributes[A.errorType] = errorType ?? '_OTHER';
  }
  span.status.message = String(span.attributes[A.errorType]);
}

function allowedAttributes(span: ReadableSpan): ReadonlySet<string> | undefined {
  const name = library(span);
  if (name !== 'http') return name === undefined ? undefined : ALLOWED.get(name);
  return ALLOWED.get(span.kind === api.SpanKind.SERVER ? 'http server' : 'http client');
}

function library(span: ReadableSpan): string | undefined {
  return LIBRARY.exec(span.instrumentationScope.name)?.groups?.['library'];
}

function keepOnly(attributes: Attributes, allowed: ReadonlySet<string>): void {
  for (const key of Object.keys(attributes)) if (!allowed.has(key)) delete attributes[key];
}

function scrubException(attributes: Attributes): string {
  const message = String(attributes['exception.message'] ?? '');
  const type = attributes[A.exceptionType] ?? PG_CODE.exec(message)?.groups?.['code'] ?? '_OTHER';
  const stack = String(attributes[A.exceptionStacktrace] ?? '').replace(message, '');
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  delete attributes['exception.message'];
  attributes[A.exceptionType] = type;
  if (frames.length > 0) attributes[A.exceptionStacktrace] = frames.join('\n');
  else delete attributes[A.exceptionStacktrace];
  return String(type);
}
