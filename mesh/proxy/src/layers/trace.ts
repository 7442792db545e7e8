import type { Layer } from '../layer.ts';
import type { Request } from '../request.ts';
import type { Tracer } from '../tracing.ts';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const ZEROS = /^0+$/;
const SAMPLED = 0x01;

/**
 * Joins the trace a request belongs to, as linkerd does: never starts one, writes a span only when
 * the caller's is sampled and there is a reply, and becomes the parent of what comes next. Two of
 * these in a pass: one around everything, one around the call.
 */
export function trace(tracer: Tracer | undefined, kind: 'server' | 'client'): Layer | undefined {
  if (!tracer) return undefined;
  return (next) => (request) => {
    const [, traceId = '', parentSpanId = '', flags = ''] =
      TRACEPARENT.exec(request.header('traceparent') ?? '') ?? [];
    const isSampled = (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED;
    if (!isSampled || ZEROS.test(traceId) || ZEROS.test(parentSpanId)) return next(request);
    const spanId = tracer.spanId();
    setTraceparent(request, `00-${traceId}-${spanId}-${flags}`);
    const startMs = tracer.now();
    return next(request).then((response) => {
      response.body.tap({
        done: () => {
          const attributes = {
            ...attributesOf(request),
            'http.response.status_code': response.status,
          };
          const span = { traceId, spanId, parentSpanId, name: request.path, kind };
          tracer.record({ ...span, startMs, endMs: tracer.now(), attributes });
        },
      });
      return response;
    });
  };
}

function setTraceparent(request: Request, value: string): void {
  const at = request.headers.indexOf('traceparent');
  const { headers } = request;
  headers[at + 1] = value;
}

function attributesOf(request: Request): Record<string, string | number> {
  const { method, path, authority, decision } = request;
  const [host = '', port = '80'] = authority.split(':');
  const agent = request.header('user-agent');
  return {
    'http.request.method': method,
    'url.scheme': 'http',
    'url.path': path,
    // Unlike linkerd's, without the query: people type their names and addresses there.
    'url.full': `http://${authority}${path}`,
    'network.transport': 'tcp',
    'server.address': host,
    'server.port': Number(port),
    ...(agent !== undefined && { 'user_agent.original': agent }),
    direction: decision.direction,
  };
}
