import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { rm } from 'node:fs/promises';
import type { Clock } from './clock.ts';
import type { ListenAddress } from './config.ts';
import { refuseConnect, refuseUnparsed } from './unparsed.ts';

/** A listening HTTP server that can be drained. */
export type HttpServer = {
  /** `http://host:port` or `unix:/path`, as it is reachable on this machine. */
  readonly url: string;
  /**
   * Stops accepting, lets replies in flight end, closes idle connections again and again, and
   * destroys what is left at `deadlineMs` (monotonic). Resolves to the number destroyed.
   */
  drain(deadlineMs: number): Promise<number>;
};

/** Above the idle time of any proxy in front, so that the proxy closes first and no request is lost. */
const KEEP_ALIVE_MS = 75_000;
const IDLE_CLOSE_INTERVAL_MS = 100;

export type ListenOptions = {
  address: ListenAddress;
  clock: Clock;
  /** The handler itself judges requests without Host, and sends `100 Continue` when it wants a body. */
  edge?: boolean;
};

/** Starts a server with bounded headers, header time and request time on `address`. */
export async function listen(
  handler: RequestListener,
  options: ListenOptions,
): Promise<HttpServer> {
  const { address, clock, edge = false } = options;
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 60_000,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1_000,
    requireHostHeader: !edge,
  });
  server.maxHeadersCount = 0;
  server.on('request', handler);
  server.on('clientError', refuseUnparsed(server));
  server.on('connect', refuseConnect);
  if (edge) {
    // Emitted again rather than handled here: instrumentation looks at `request` only.
    const emitAgain: RequestListener = (req, res) => server.emit('request', req, res);
    server.on('checkContinue', emitAgain).on('checkExpectation', emitAgain);
  }
  if ('path' in address) await rm(address.path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { url: urlOf(server, address), drain: (deadlineMs) => drain(server, clock, deadlineMs) };
}

function urlOf(server: Server, address: ListenAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : address.port;
  return `http://${address.host === '0.0.0.0' ? '127.0.0.1' : address.host}:${port}`;
}

async function drain(server: Server, clock: Clock, deadlineMs: number): Promise<number> {
  const closed = new AbortController();
  server.close(() => closed.abort());
  while (!closed.signal.aborted && clock.monotonic() < deadlineMs) {
    server.closeIdleConnections();
    await clock.sleep(IDLE_CLOSE_INTERVAL_MS, closed.signal);
  }
  if (closed.signal.aborted) return 0;
  const left = await new Promise<number>((resolve) => {
    server.getConnections((error, count) => resolve(error ? 0 : count));
  });
  server.closeAllConnections();
  return left;
}

/** The number of header fields a request carried, duplicates counted. */
export function headerCount(req: IncomingMessage): number {
  return req.rawHeaders.length / 2;
}
