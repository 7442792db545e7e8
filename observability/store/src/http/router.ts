import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from '@faultline/chassis/log';

/** One request with what its route and query say. */
export type Exchange = {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The values of the route's `:names`, decoded. */
  readonly params: Readonly<Record<string, string>>;
};

export type Handler = (exchange: Exchange) => void | Promise<void>;

type Route = { method: string; segments: readonly string[]; handler: Handler };

export type RouterOptions = {
  log: Logger;
  /** Requests under way at once; more are asked to come back. */
  inFlightMax: number;
};

const RETRY_AFTER_SECONDS = '1';

/**
 * Finds a handler by method and path. Whoever shares the port adds routes: patterns such as
 * `/api/traces/:id`, the first that fits wins, and `*` at the end takes whatever follows.
 */
export class Router {
  readonly #routes: Route[] = [];
  readonly #options: RouterOptions;
  #inFlight = 0;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /** Adds a route; one for GET answers HEAD as well. */
  add(method: string, pattern: string, handler: Handler): void {
    this.#routes.push({ method, segments: pattern.split('/').slice(1), handler });
  }

  /** For `node:http`'s `request` event. */
  readonly listener: RequestListener = (req, res) => {
    void this.#answer(req, res);
  };

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (this.#inFlight >= this.#options.inFlightMax) {
      req.resume();
      res.writeHead(503, { 'Retry-After': RETRY_AFTER_SECONDS }).end();
      return;
    }
    this.#inFlight += 1;
    try {
      await this.#route(req, res);
    } catch (error) {
      this.#options.log.error({ err: error, path: pathOf(req) }, 'a request failed');
      req.resume();
      if (res.headersSent) res.destroy();
      else res.writeHead(500, { 'Content-Type': 'text/plain' }).end('internal error\n');
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = pathOf(req);
    const segments = path.split('/').slice(1);
    const method = req.method === 'HEAD' ? 'GET' : req.method;
    for (const route of this.#routes) {
      if (route.method !== method) continue;
      const params = match(route.segments, segments);
      if (!params) continue;
      const query = new URLSearchParams(req.url?.slice(path.length + 1) ?? '');
      await route.handler({ req, res, path, query, params });
      return;
    }
    req.resume();
    res.writeHead(404, { 'Content-Type': 'text/plain' }).end('404 page not found\n');
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

function match(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    if (part === '*') return params;
    const segment = segments[index];
    if (segment === undefined) return undefined;
    if (!part.startsWith(':')) {
      if (part !== segment) return undefined;
      continue;
    }
    const value = decode(segment);
    if (value === undefined) return undefined;
    params[part.slice(1)] = value;
  }
  return segments.length === pattern.length ? params : undefined;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
