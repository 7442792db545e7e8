import type { IncomingHttpHeaders } from 'node:http';
import { callHeaders } from '@faultline/chassis/call';
import { runWithoutBaggage } from '@faultline/telemetry/spans-api';
import type { Middleware } from 'koa';
import { edgeOf } from '../edge.ts';

/**
 * All that goes on. What is not listed stays behind, in whatever spelling: identity, deadlines,
 * forwarding and mesh headers are ours to set, `_` twins are nobody's.
 */
const FORWARDED = [
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'last-event-id',
  'range',
  'referer',
  'user-agent',
] as const;

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACESTATE_LENGTH_MAX = 512;
const BAGGAGE_LENGTH_MAX = 8 * 1024;
const BAGGAGE_ENTRIES_MAX = 64;

/** Decides what of the head may go on, who the client is, and takes credentials and claims off. */
export function rebuildHeaders({ trustedHops }: { trustedHops: number }): Middleware {
  return (ctx, next) => {
    const { headers } = ctx.req;
    const edge = edgeOf(ctx);
    edge.bearer = headers.authorization;
    edge.cookies = headers.cookie;
    edge.clientAddress = clientAddress(ctx.req.socket.remoteAddress, headers, trustedHops);
    edge.protocol = trustedHops > 0 && headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
    const baggage = acceptableBaggage(headers);
    edge.headers = {
      ...pick(headers, nominated(headers)),
      ...traceHeaders(headers),
      ...(baggage === undefined ? {} : { baggage }),
      'x-forwarded-for': edge.clientAddress,
      'x-forwarded-proto': edge.protocol,
      'x-forwarded-host': edge.host,
    };
    // The layers below read these as ours.
    for (const name of Object.values(callHeaders)) delete headers[name];
    // A tracer has read the baggage before us and would pass it on by itself.
    return baggage === headers['baggage'] ? next() : runWithoutBaggage(next);
  };
}

function pick(headers: IncomingHttpHeaders, except: ReadonlySet<string>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of FORWARDED) {
    const value = headers[name];
    if (typeof value === 'string' && !except.has(name)) kept[name] = value;
  }
  return kept;
}

/** What `Connection` names belongs to this connection only. */
function nominated(headers: IncomingHttpHeaders): Set<string> {
  return new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
}

function traceHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return {};
  const keepsState = typeof tracestate === 'string' && tracestate.length <= TRACESTATE_LENGTH_MAX;
  return { traceparent, ...(keepsState ? { tracestate } : {}) };
}

function acceptableBaggage({ baggage }: IncomingHttpHeaders): string | undefined {
  if (typeof baggage !== 'string' || baggage.length > BAGGAGE_LENGTH_MAX) return undefined;
  return baggage.split(',').length > BAGGAGE_ENTRIES_MAX ? undefined : baggage;
}

/** The peer, or what the outermost of our own proxies saw. */
function clientAddress(
  peer: string | undefined,
  headers: IncomingHttpHeaders,
  trustedHops: number,
): string {
  const hops = String(headers['x-forwarded-for'] ?? '').split(',');
  const seen = trustedHops > 0 ? hops.at(-trustedHops)?.trim() : undefined;
  // A Unix socket has no address: its peer is on this machine.
  const address = seen && /^[0-9A-Fa-f:.]{2,45}$/.test(seen) ? seen : (peer ?? '127.0.0.1');
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
