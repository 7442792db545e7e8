import {
  Agent,
  createServer,
  request,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { connectOptions, type Address } from './address.ts';
import type { Endpoints, Target } from './endpoints.ts';
import { endToEnd } from './headers.ts';
import { pipeToInstance, refuse } from './pipe.ts';
import type { Sidecar, StartSidecar } from './sidecar.ts';

const waitForInstanceMs = 1000;
// Apps close idle connections after 75 s. Closing first here means no request meets a closed one.
const idleMs = 30_000;
const maxHeaderSize = 64 * 1024;

/**
 * The plain stand-in for a mesh proxy: an HTTP proxy on loopback that sends `http://inventory/…` to
 * a ready instance of that Service. No retries, timeouts or encryption.
 */
export function forwarderFactory(endpoints: Endpoints): StartSidecar {
  return async () => {
    const agent = new Agent({ keepAlive: true, maxFreeSockets: 256, timeout: idleMs });
    const server = createServer({ maxHeaderSize, requestTimeout: 0, keepAliveTimeout: 75_000 });
    const handle = (req: IncomingMessage, res: ServerResponse) => {
      void new Exchange({ req, res, endpoints, agent }).run();
    };
    server.on('request', handle);
    server.on('checkContinue', handle);
    server.on('connect', (req, client, head) => tunnel({ req, client, head, endpoints }));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    return {
      outboundUrl: `http://127.0.0.1:${port}`,
      pid: undefined,
      async stop() {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        agent.destroy();
        await closed;
      },
    } satisfies Sidecar;
  };
}

/** CONNECT, which `fetch` uses for any proxy: a connection to one instance. */
function tunnel(o: { req: IncomingMessage; client: Duplex; head: Buffer; endpoints: Endpoints }) {
  const [host = '', port = '80'] = (o.req.url ?? '').split(':');
  const target = o.endpoints.resolve(host.toLowerCase(), Number(port));
  if ('error' in target) return refuse(o.client, target.error);
  const greeting = 'HTTP/1.1 200 Connection established\r\n\r\n';
  void pipeToInstance(o.client, { ...o, target, greeting });
}

type ExchangeOptions = {
  req: IncomingMessage;
  res: ServerResponse;
  endpoints: Endpoints;
  agent: Agent;
};

/** One request and its reply on their way through. */
class Exchange {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #endpoints: Endpoints;
  readonly #agent: Agent;
  /** The caller went away, or has its whole reply. */
  #isOver = false;
  #upstream: ClientRequest | undefined;

  constructor(options: ExchangeOptions) {
    this.#req = options.req;
    this.#res = options.res;
    this.#endpoints = options.endpoints;
    this.#agent = options.agent;
  }

  async run(): Promise<void> {
    // 'close' without a finished reply: the caller went away, so the callee need not go on.
    this.#res.on('close', () => {
      this.#isOver = true;
      if (!this.#res.writableFinished) this.#upstream?.destroy();
    });
    const url = parseTarget(this.#req);
    if (url === undefined) {
      return this.#refuse(400, 'expected a request for an absolute http:// URL');
    }
    const target = this.#endpoints.resolve(url.hostname, Number(url.port || 80));
    if ('error' in target) return this.#refuse(502, target.error);
    // The usual case stays synchronous.
    const address =
      this.#endpoints.pick(target) ?? (await this.#endpoints.pickWithin(target, waitForInstanceMs));
    if (this.#isOver) return;
    if (address === undefined) {
      return this.#refuse(503, `Service '${target.service.name}' has no ready instance`);
    }
    this.#forward(address, { target, path: url.path });
  }

  #forward(address: Address, route: { target: Target; path: string }): void {
    const { method } = this.#req;
    const headers = endToEnd(this.#req.rawHeaders);
    const chunked = this.#req.headers['transfer-encoding'] !== undefined;
    const hasBody = chunked || this.#req.headers['content-length'] !== undefined;
    if (chunked) headers.push('Transfer-Encoding', 'chunked');
    const options = { ...connectOptions(address), agent: this.#agent, maxHeaderSize };
    const upstream = request({ ...options, method, path: route.path, headers });
    this.#upstream = upstream;
    upstream.on('continue', () => this.#res.writeContinue());
    upstream.on('response', (reply) => this.#reply(reply));
    upstream.on('error', (error) => this.#failed(error, { address, route, hasBody }));
    if (hasBody) this.#req.pipe(upstream);
    else upstream.end();
  }

  #reply(reply: IncomingMessage): void {
    const { statusCode = 502, statusMessage = '', rawHeaders } = reply;
    const res = this.#res;
    res.writeHead(statusCode, statusMessage, endToEnd(rawHeaders));
    // With the body's first bytes where they are there already; a stream's may come much later.
    setImmediate(() => res.flushHeaders());
    reply.on('error', () => res.destroy());
    reply.pipe(res);
  }

  #failed(
    error: NodeJS.ErrnoException,
    sent: { address: Address; route: { target: Target; path: string }; hasBody: boolean },
  ): void {
    if (this.#isOver) return;
    if (this.#res.headersSent) {
      this.#res.destroy();
      return;
    }
    const reused = this.#upstream?.reusedSocket === true;
    // A kept connection that the instance closed at this very moment: it has not read the request.
    if (reused && error.code === 'ECONNRESET' && !sent.hasBody) {
      return this.#forward(sent.address, sent.route);
    }
    const { name } = sent.route.target.service;
    this.#refuse(502, `calling Service '${name}' failed: ${error.code ?? error.message}`);
  }

  #refuse(status: number, detail: string): void {
    if (this.#res.headersSent || this.#res.destroyed) return;
    const title = status === 503 ? 'No ready instance' : 'Cannot forward';
    const body = JSON.stringify({ type: 'about:blank', title, status, detail });
    this.#res.writeHead(status, {
      'content-type': 'application/problem+json',
      'content-length': Buffer.byteLength(body),
      'l5d-proxy-error': detail,
      // What is left of the request's body is not read.
      connection: 'close',
    });
    this.#res.end(body);
  }
}

function parseTarget(
  req: IncomingMessage,
): { hostname: string; port: string; path: string } | undefined {
  // By hand: `new URL` would normalise the path, which has to arrive as it was sent.
  const match = /^http:\/\/([^/?#:@]+)(?::(\d+))?([/?].*)?$/i.exec(req.url ?? '');
  if (match?.[1] === undefined) return undefined;
  const path = match[3] ?? '/';
  return {
    hostname: match[1].toLowerCase(),
    port: match[2] ?? '',
    path: path.startsWith('?') ? `/${path}` : path,
  };
}
