import type { IncomingMessage, RequestOptions } from 'node:http';
import { createRequire } from 'node:module';
import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationConfigMap } from '@opentelemetry/auto-instrumentations-node';
import { logicalPeer } from './logical-peer.ts';
import { requireOtel } from './otel.ts';
import { ATTRIBUTES } from './spans.ts';

/**
 * The instrumentations that `@opentelemetry/auto-instrumentations-node` brings, taken one by one:
 * loading all of its bundle for these four costs 70 ms of start and 12 MB more in each process.
 */
const requireBundled = createRequire(
  requireOtel.resolve('@opentelemetry/auto-instrumentations-node'),
);
const http: typeof import('@opentelemetry/instrumentation-http') = requireBundled(
  '@opentelemetry/instrumentation-http',
);
const ioredis: typeof import('@opentelemetry/instrumentation-ioredis') = requireBundled(
  '@opentelemetry/instrumentation-ioredis',
);
const koa: typeof import('@opentelemetry/instrumentation-koa') = requireBundled(
  '@opentelemetry/instrumentation-koa',
);
const pg: typeof import('@opentelemetry/instrumentation-pg') = requireBundled(
  '@opentelemetry/instrumentation-pg',
);

/** Probes and scrapes come every few seconds for ever, and say nothing about a user's request. */
const ADMIN_PATH = /^\/(livez|readyz|metrics|health)(\/|\?|$)/;

/**
 * What is instrumented, and nothing else. Only requests make spans: loops in the background run
 * without a parent, and their queries and commands stay silent.
 */
const ALLOWED = {
  '@opentelemetry/instrumentation-http': {
    ignoreIncomingRequestHook: isAdminRequest,
    startOutgoingSpanHook: outgoingAttributes,
  },
  '@opentelemetry/instrumentation-ioredis': {
    requireParentSpan: true,
    dbStatementSerializer: (commandName: string) => commandName,
  },
  // Routes only: they name the server span. A span for each middleware would be noise.
  '@opentelemetry/instrumentation-koa': { ignoreLayersType: [koa.KoaLayerType.MIDDLEWARE] },
  '@opentelemetry/instrumentation-pg': { requireParentSpan: true, ignoreConnectSpans: true },
} satisfies InstrumentationConfigMap;

/** Enables the allow-list. Packages loaded before this call stay as they are. */
export function enableInstrumentations(): void {
  new http.HttpInstrumentation(ALLOWED['@opentelemetry/instrumentation-http']);
  new ioredis.IORedisInstrumentation(ALLOWED['@opentelemetry/instrumentation-ioredis']);
  new koa.KoaInstrumentation(ALLOWED['@opentelemetry/instrumentation-koa']);
  new pg.PgInstrumentation(ALLOWED['@opentelemetry/instrumentation-pg']);
}

function isAdminRequest(request: IncomingMessage): boolean {
  return ADMIN_PATH.test(request.url ?? '');
}

function outgoingAttributes(options: RequestOptions): Attributes {
  const peer = logicalPeer(options);
  return {
    [ATTRIBUTES.serverAddress]: peer.address,
    [ATTRIBUTES.serverPort]: peer.port,
    [ATTRIBUTES.urlFull]: peer.url,
  };
}
