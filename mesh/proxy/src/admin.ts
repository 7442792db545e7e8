import type { DecisionLog } from './decisions.ts';
import { Body } from './http/body.ts';
import type { Handler } from './layer.ts';
import { isLogLevel, type Log } from './log.ts';
import type { Registry } from './metrics/registry.ts';
import type { Request, Response } from './request.ts';
import type { Services } from './services.ts';

type Options = {
  readonly registry: Registry;
  readonly log: Log;
  readonly decisions: DecisionLog;
  readonly services: Services;
  readonly isReady: () => boolean;
  readonly status: () => Readonly<Record<string, unknown>>;
  /** What is served by; undefined before the first. */
  readonly snapshot: () => unknown;
  readonly shutdown: () => void;
};

const BODY_MAX = 1_024;

/** The admin port, as linkerd's 4191, and what `faultline mesh` asks under `/debug`. */
export function adminHandler(options: Options): Handler {
  const { registry, log, decisions, services } = options;
  const routes: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
    'GET /metrics': () => text(200, registry.render(), 'text/plain; version=0.0.4'),
    'GET /ready': () => (options.isReady() ? text(200, 'ready\n') : text(503, 'not ready\n')),
    'GET /live': () => text(200, 'live\n'),
    'GET /proxy-log-level': () => text(200, `${log.level}\n`),
    'PUT /proxy-log-level': (request) => setLevel(request, log),
    'POST /shutdown': () => {
      options.shutdown();
      return text(200, 'shutting down\n');
    },
    'GET /debug/decisions': () => json({ decisions: decisions.list() }),
    'GET /debug/endpoints': () => json({ backends: [...services.backends.list()].map(describe) }),
    'GET /debug/status': () => json(options.status()),
    'GET /debug/snapshot': () => json(options.snapshot()),
  };
  return async (request) => {
    const route = routes[`${request.method} ${request.path}`];
    return route ? await route(request) : text(404, 'not found\n');
  };
}

function describe({
  name,
  balancer,
  waiting,
}: ReturnType<Services['backends']['list']> extends Iterable<infer State> ? State : never) {
  return {
    backend: name,
    waiting: waiting.length,
    endpoints: balancer.endpoints.map(({ key, wire, pool, breaker, rtt, inFlight }) => ({
      endpoint: key,
      identity: wire.identity,
      labels: wire.labels,
      away: pool.away,
      connections: pool.connections,
      breaker: breaker?.state ?? { kind: 'none' },
      inFlight,
      rttMs: rtt.at(0),
    })),
  };
}

async function setLevel(request: Request, log: Log): Promise<Response> {
  const level = (await read(request.body)).trim();
  if (!isLogLevel(level)) return text(400, 'expected trace, debug, info, warn, error or silent\n');
  Object.assign(log, { level });
  return text(200, `${level}\n`);
}

function read(body: Body): Promise<string> {
  return new Promise((resolve, reject) => {
    let whole = '';
    body.pipe({
      data(chunk) {
        whole += chunk.toString();
        if (whole.length > BODY_MAX) body.cancel(new Error('the body is too long'));
      },
      end: () => resolve(whole),
      fail: reject,
    });
  });
}

function json(value: unknown): Response {
  return text(200, JSON.stringify(value), 'application/json');
}

function text(status: number, content: string, type = 'text/plain'): Response {
  return { status, headers: ['content-type', type], body: Body.of(Buffer.from(content)) };
}
