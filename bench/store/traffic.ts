import { encodeJsonRequest } from '../../observability/store/src/otlp/json-request.ts';

// Spans as a shop's services send them: traces of ten spans over five services, each service's in
// a request of its own, with the attributes that the usual instrumentations set.

const SERVICES = ['gateway', 'orders', 'inventory', 'payments', 'catalog'];
const NS_PER_MS = 1_000_000;

type Random = () => number;

/** A request's body and what is in it. */
export type Batch = { body: Buffer; spans: number };

/** Traces from `first` on, as many requests as services; `startMs` is when they began. */
export function batches(options: {
  first: number;
  traces: number;
  startMs: number;
  random: Random;
}): Batch[] {
  const { first, traces, startMs, random } = options;
  return SERVICES.map((service, index) => {
    const spans = Array.from({ length: traces }, (_, offset) => {
      const trace = first + offset;
      const atMs = startMs + offset * 5;
      return [0, 1].map((half) => span({ trace, index, half, atMs, random }));
    }).flat();
    return { body: encode(service, spans), spans: spans.length };
  });
}

/** One trace of so many spans, in one request. */
export function largeTrace(
  spans: number,
  startMs: number,
  random: Random,
): Batch & { traceId: string } {
  const traceId = 'f'.repeat(32);
  const all = Array.from({ length: spans }, (_, index) => ({
    ...span({ trace: 0, index: index % 5, half: index & 1, atMs: startMs, random }),
    traceId,
    spanId: hex(index + 1, 16),
    parentSpanId: index === 0 ? '' : hex(Math.floor((index + 1) / 2), 16),
  }));
  return { body: encode('gateway', all), spans, traceId };
}

function encode(service: string, spans: readonly object[]): Buffer {
  const resource = {
    attributes: Object.entries({
      'service.name': service,
      'service.version': '1.4.2',
      'service.instance.id': `${service}-7c9f-1`,
      'service.namespace': 'shop',
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.name': 'opentelemetry',
      'telemetry.sdk.version': '3.1.1',
    }).map(text),
  };
  const scope = { name: '@opentelemetry/instrumentation-http', version: '0.223.0' };
  const request = { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] };
  return encodeJsonRequest(JSON.stringify(request)).body;
}

function span(of: { trace: number; index: number; half: number; atMs: number; random: Random }) {
  const { trace, index, half, atMs, random } = of;
  const number = index * 2 + half;
  const durationMs = (10 - number) * 4 + random() * 20;
  const failed = random() < 0.01;
  const isServer = half === 0;
  const product = Math.floor(random() * 500);
  return {
    traceId: hex(trace * 2_654_435_761 + 7, 32),
    spanId: hex(trace * 16 + number + 1, 16),
    parentSpanId: number === 0 ? '' : hex(trace * 16 + number, 16),
    name: isServer ? `GET /api/v1/products/:id` : `GET`,
    kind: isServer ? 2 : 3,
    startTimeUnixNano: nanos(atMs + number),
    endTimeUnixNano: nanos(atMs + number + durationMs),
    attributes: [
      text(['http.request.method', 'GET']),
      text(['url.scheme', 'http']),
      text(['url.path', `/api/v1/products/${product}`]),
      text(['server.address', SERVICES[(index + 1) % 5] ?? '']),
      integer(['server.port', 80]),
      text(['network.protocol.version', '1.1']),
      text(['network.peer.address', '127.0.0.1']),
      integer(['network.peer.port', 40_000 + Math.floor(random() * 20_000)]),
      text(['user_agent.original', 'axios/1.21.1']),
      integer(['http.response.status_code', failed ? 503 : 200]),
      text(['http.route', '/api/v1/products/:id']),
      ...(number === 4 ? [text(['shop.order_id', hex(trace, 24)])] : []),
    ],
    status: failed ? { code: 2, message: 'Service Unavailable' } : {},
  };
}

function nanos(ms: number): string {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * NS_PER_MS)).padStart(6, '0')}`;
}

function hex(value: number, digits: number): string {
  return BigInt(Math.floor(value)).toString(16).padStart(digits, '0');
}

function text([key, stringValue]: [string, string]) {
  return { key, value: { stringValue } };
}

function integer([key, intValue]: [string, number]) {
  return { key, value: { intValue } };
}

/** Random numbers from a seed, so that two runs measure the same. */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
