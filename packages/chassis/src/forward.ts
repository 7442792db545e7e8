import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
} from 'node:http';
import { pipeline } from 'node:stream';
import type { Context } from 'koa';
import { callOf } from './endpoint.ts';
import { type Clock, deadlineSignal } from './clock.ts';
import { DependencyError } from './http-client.ts';

/** Sends a request on to a neighbour, body and reply streamed. */
export type Forwarder = {
  /**
   * Forwards `ctx`'s request to `path` at the upstream with just `headers`, and answers with the
   * upstream's reply, whatever it is. Resolves when the reply's head was sent on.
   * @throws DependencyError when no reply came; nothing was answered then.
   */
  forward(
    ctx: Context,
    target: { path: string; headers: OutgoingHttpHeaders; timeoutMs: number },
  ): Promise<void>;
};

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A forwarder to `baseUrl`. `env` names the HTTP proxy to go through, as the process's environment does. */
export function createForwarder(options: {
  name: string;
  baseUrl: string;
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
}): Forwarder {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 256,
    maxFreeSockets: 32,
    proxyEnv: { ...options.env },
  });
  const base = new URL(options.baseUrl);
  return {
    async forward(ctx, { path, headers, timeoutMs }) {
      const outgoing = request({
        agent,
        method: ctx.method,
        host: base.hostname,
        port: base.port || 80,
        path,
        headers: { ...headers, host: base.host },
        setHost: false,
      });
      const reply = await exchange({
        ctx,
        outgoing,
        timeoutMs,
        dependency: options.name,
        clock: options.clock,
      });
      relay(ctx, reply, outgoing);
    },
  };
}

async function exchange(options: {
  ctx: Context;
  outgoing: ClientRequest;
  timeoutMs: number;
  dependency: string;
  clock: Clock;
}): Promise<IncomingMessage> {
  const { ctx, outgoing, timeoutMs, dependency, clock } = options;
  using deadline = deadlineSignal(clock, clock.monotonic() + timeoutMs, callOf(ctx).signal);
  const abort = () => outgoing.destroy(new Error('nobody waits for the reply any more'));
  deadline.signal.addEventListener('abort', abort, { once: true });
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', (cause: NodeJS.ErrnoException) => {
        const refused = cause.code === 'ECONNREFUSED' || cause.code === 'ENOTFOUND';
        reject(
          new DependencyError({ dependency, failure: refused ? 'refused' : 'unknown', cause }),
        );
      });
      if (deadline.signal.aborted) abort();
      pipeline(ctx.req, outgoing, () => undefined);
    });
  } finally {
    deadline.signal.removeEventListener('abort', abort);
  }
}

/** Answers with the upstream's reply; headers that belong to one connection stay behind. */
function relay(ctx: Context, reply: IncomingMessage, outgoing: ClientRequest): void {
  const dropped = new Set(HOP_BY_HOP);
  for (const name of (reply.headers.connection ?? '').split(','))
    dropped.add(name.trim().toLowerCase());
  ctx.status = reply.statusCode ?? 502;
  for (const [name, value] of Object.entries(reply.headersDistinct)) {
    if (value && !dropped.has(name)) ctx.set(name, value.length === 1 ? (value[0] ?? '') : value);
  }
  ctx.res.once('close', () => {
    if (!reply.complete) outgoing.destroy();
  });
  ctx.body = reply;
}
