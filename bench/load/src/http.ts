import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Clock, deadlineSignal } from '@faultline/chassis/clock';

export type HttpRequest = {
  method: string;
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  timeoutMs: number;
};

/** A whole reply. */
export type HttpReply = {
  kind: 'reply';
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
};

/**
 * Why there is no whole reply. `refused`: nobody listens. `reset`: the connection broke, maybe in the
 * middle of the reply. `timeout`: not all of it came in time. `stopped`: we did not want it any more.
 */
export type NoReply = {
  kind: 'none';
  cause: 'refused' | 'reset' | 'timeout' | 'stopped' | 'garbled';
  detail: string;
};

/** Sends a request, once: what a user would see is what is answered, never an exception. */
export type Send = (request: HttpRequest, signal: AbortSignal) => Promise<HttpReply | NoReply>;

const replyBytesMax = 16 * 1024 * 1024;
/**
 * A kept connection is let go of before a gateway that leaves would close it: whether a request was
 * read that meets its end on the way, HTTP/1.1 has no means to tell.
 */
const idleMs = 500;

/** A user agent: connections are kept alive and shared, and never so few that a request waits. */
export function userAgent(options: { target: string; clock: Clock }): Send & Disposable {
  const { clock } = options;
  const target = new URL(options.target);
  const open = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const agent = new Agent({ keepAlive: true, timeout: idleMs });
  const send: Send = async (request, signal) => {
    using deadline = deadlineSignal(clock, clock.monotonic() + request.timeoutMs, signal);
    const url = new URL(request.path, target);
    const { method, headers } = request;
    try {
      return await new Promise<HttpReply>((resolve, reject) => {
        const length = request.body === undefined ? {} : contentLength(request.body);
        const call = open(url, {
          method,
          headers: { ...headers, ...length },
          // TLS is for targets elsewhere, with Node's own pool.
          ...(target.protocol === 'https:' ? {} : { agent }),
          signal: deadline.signal,
        });
        call.on('response', (reply) => readReply(reply).then(resolve, reject));
        call.on('error', reject);
        call.end(request.body);
      });
    } catch (error) {
      return noReply(error, { late: deadline.signal.aborted, stopped: signal.aborted });
    }
  };
  return Object.assign(send, { [Symbol.dispose]: () => agent.destroy() });
}

function contentLength(body: string | Uint8Array): Record<string, string> {
  return { 'Content-Length': String(Buffer.byteLength(body)) };
}

async function readReply(reply: IncomingMessage): Promise<HttpReply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of reply) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > replyBytesMax) throw new Error(`read a reply: it is over ${replyBytesMax} bytes`);
    chunks.push(bytes);
  }
  return {
    kind: 'reply',
    status: reply.statusCode ?? 0,
    headers: reply.headers,
    body: Buffer.concat(chunks),
  };
}

function noReply(error: unknown, { late, stopped }: { late: boolean; stopped: boolean }): NoReply {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const detail = code || String(error);
  if (stopped) return { kind: 'none', cause: 'stopped', detail };
  if (late) return { kind: 'none', cause: 'timeout', detail: 'no whole reply in time' };
  if (/^(ECONNREFUSED|ENOENT|ENOTFOUND|EHOSTUNREACH)$/.test(code)) {
    return { kind: 'none', cause: 'refused', detail };
  }
  const garbled = code.startsWith('HPE_') || code === '';
  return { kind: 'none', cause: garbled ? 'garbled' : 'reset', detail };
}
