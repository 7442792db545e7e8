import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
} from 'node:http';
import type { Context } from 'koa';
import { type Clock, deadlineSignal } from './clock.ts';
import { callOf } from './endpoint.ts';
import { ProblemError } from './errors.ts';
import { DependencyError } from './http-client.ts';
import type { ClientMetrics } from './metrics.ts';

/** Where a request goes on to, and how. */
export type ForwardTarget = {
  path: string;
  /** All that is sent; nothing is taken over from the request itself. */
  headers: OutgoingHttpHeaders;
  /** How long the reply's head may take; 0 or less sends nothing. */
  timeoutMs: number;
  bodyLimitBytes: number;
};

/** Sends a request on to a neighbour, body and reply streamed. */
export type Forwarder = {
  /**
   * Forwards `ctx`'s request and answers with the upstream's reply, whatever it is. Resolves when
   * the reply's head is on `ctx`; its body follows as it comes.
   * @throws DependencyError when no reply came; ProblemError `payload_too_large` when the body was,
   * `request_timeout` when it did not come.
   */
  forward(ctx: Context, target: ForwardTarget): Promise<void>;
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

/** Event streams hold a socket each for as long as somebody watches. */
const SOCKETS_MAX = 1_024;
/** Below the time after which the chassis' servers close an idle connection. */
const IDLE_MS = 60_000;

/** A forwarder to `baseUrl`. `proxyEnv` names the HTTP proxy to go through, as an environment does. */
export function createForwarder(options: {
  name: string;
  baseUrl: string;
  clock: Clock;
  metrics: ClientMetrics;
  proxyEnv: Readonly<Record<string, string | undefined>>;
}): Forwarder {
  const { name, clock, metrics } = options;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: SOCKETS_MAX,
    maxFreeSockets: 64,
    timeout: IDLE_MS,
    proxyEnv: { ...options.proxyEnv },
  });
  const base = new URL(options.baseUrl);
  const connection = { agent, host: base.hostname, port: base.port || 80, setHost: false };
  return {
    async forward(ctx, { path, headers, timeoutMs, bodyLimitBytes }) {
      const startedMs = clock.monotonic();
      const { method } = ctx;
      const finished = (status: string) =>
        metrics.finished({
          peer: name,
          method,
          status,
          durationMs: clock.monotonic() - startedMs,
        });
      const outgoing = request({
        ...connection,
        method,
        path,
        headers: { ...headers, host: base.host },
      });
      try {
        using deadline = deadlineSignal(clock, startedMs + timeoutMs, callOf(ctx).signal);
        const exchange = { outgoing, bodyLimitBytes, dependency: name, signal: deadline.signal };
        const reply = await replyTo(ctx, exchange);
        finished(String(reply.statusCode));
        relay(ctx, reply);
      } catch (error) {
        finished('error');
        outgoing.destroy();
        throw error;
      }
    },
  };
}

/** Sends the request and its body; resolves to the head of the reply. */
function replyTo(
  ctx: Context,
  {
    outgoing,
    bodyLimitBytes,
    dependency,
    signal,
  }: {
    outgoing: ClientRequest;
    bodyLimitBytes: number;
    dependency: string;
    signal: AbortSignal;
  },
): Promise<IncomingMessage> {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const abort = () => {
      // Nobody can answer what has not arrived, and the upstream is not to be blamed for it.
      const isWaiting = !ctx.req.complete && !outgoing.writableNeedDrain;
      reject(isWaiting ? bodyTooSlow() : new DependencyError({ dependency, failure: 'unknown' }));
    };
    outgoing.once('response', (reply) => {
      const failure = proxyFailure(reply, dependency);
      if (failure) reject(failure);
      else resolve(reply);
    });
    // Not `once`: a connection may break after its reply has begun, too.
    outgoing.on('error', (cause: NodeJS.ErrnoException) => {
      const refused = ['ECONNREFUSED', 'ENOTFOUND', 'ENOENT', 'EAI_AGAIN'].includes(
        cause.code ?? '',
      );
      reject(new DependencyError({ dependency, failure: refused ? 'refused' : 'unknown', cause }));
    });
    outgoing.once('close', () => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    sendBody(ctx.req, outgoing, { limitBytes: bodyLimitBytes, reject });
  });
}

/**
 * A mesh proxy that could not reach the neighbour answers in its place and says so in a header. That
 * is no reply of the neighbour, and is not to be shown as one.
 */
function proxyFailure(reply: IncomingMessage, dependency: string): DependencyError | undefined {
  const reason = reply.headers['l5d-proxy-error'];
  if (reason === undefined) return undefined;
  const failure = reply.statusCode === 503 ? 'refused' : 'unknown';
  return new DependencyError({ dependency, failure, cause: new Error(String(reason)) });
}

/**
 * Passes the body on at the pace of the upstream. By hand, because a pipeline would destroy the
 * caller's connection, and with it the way to answer him, when the upstream fails.
 */
function sendBody(
  req: IncomingMessage,
  outgoing: ClientRequest,
  { limitBytes, reject }: { limitBytes: number; reject: (reason: ProblemError) => void },
): void {
  let size = 0;
  const onData = (chunk: Buffer) => {
    size += chunk.length;
    if (size > limitBytes) {
      reject(bodyTooLarge(limitBytes));
      return;
    }
    if (!outgoing.write(chunk)) req.pause();
  };
  outgoing.on('drain', () => req.resume());
  outgoing.once('close', () => {
    // The rest is dropped: closing on who still sends would hide the answer.
    req.off('data', onData);
    req.resume();
  });
  req.on('data', onData);
  req.once('end', () => outgoing.end());
}

/** The problem of a body beyond its limit. */
export function bodyTooLarge(limitBytes: number): ProblemError {
  return new ProblemError('payload_too_large', `The body may hold at most ${limitBytes} bytes.`);
}

function bodyTooSlow(): ProblemError {
  return new ProblemError('request_timeout', 'The body of the request took too long to arrive.', {
    headers: { Connection: 'close' },
  });
}

/** Answers with the upstream's reply; headers that belong to one connection stay behind. */
function relay(ctx: Context, reply: IncomingMessage): void {
  const dropped = new Set(HOP_BY_HOP);
  for (const name of (reply.headers.connection ?? '').split(',')) {
    dropped.add(name.trim().toLowerCase());
  }
  const status = reply.statusCode ?? 502;
  ctx.status = status;
  const bodiless = ctx.method === 'HEAD' || status === 204 || status === 304;
  if (bodiless) reply.resume();
  else ctx.body = reply;
  ctx.remove('Content-Type');
  for (const [name, value] of Object.entries(reply.headersDistinct)) {
    if (value && !dropped.has(name)) ctx.set(name, value.length === 1 ? (value[0] ?? '') : value);
  }
}
