import { ProxyError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import { STALE } from '../net/client-connection.ts';
import type { Pool } from '../net/pool.ts';
import type { Request, Response, Wire } from '../request.ts';

const SAFE_TO_REPEAT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/**
 * Finds the request a connection: one that lies idle, or the next that is free. When its server turns
 * out to have closed it meanwhile, a request that may be sent twice goes out again on another.
 */
export function acquire(pool: Pool): Layer {
  return (next) => {
    async function onNext(request: Request): Promise<Response> {
      let wire = await pool.open(request.scope);
      while (!wire.usable) wire = await pool.open(request.scope);
      return send(request, wire);
    }
    function send(request: Request, wire: Wire): Promise<Response> {
      const sent = request;
      sent.wire = wire;
      const reply = next(sent);
      if (!SAFE_TO_REPEAT.has(request.method) || request.body.length !== 0) return reply;
      return reply.then(undefined, (error: unknown) => {
        // It was one of several that lay idle: each ends this way once at most.
        if (error instanceof ProxyError && error.cause === STALE) return onNext(request);
        throw error;
      });
    }
    return (request) => {
      const idle = pool.take();
      return idle ? send(request, idle) : onNext(request);
    };
  };
}

/** The innermost step: the exchange on the connection that was found. */
export function exchange(request: Request): Promise<Response> {
  if (!request.wire) return Promise.reject(new Error('exchange before a connection is acquired'));
  return request.wire.exchange(request);
}
