import type { Clock } from '@faultline/chassis/clock';
import { callOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { Forwarder } from '@faultline/chassis/forward';
import { contextHeaders } from '@faultline/chassis/http-client';
import { uploadImage } from '@faultline/contracts/images';
import { placeOrder } from '@faultline/contracts/orders';
import type { Middleware } from 'koa';
import { edgeOf } from '../edge.ts';
import { usesCookies } from '../identity/cookies.ts';
import type { OwnOperation } from '../own-operations.ts';
import type { Route } from '../routing.ts';
import { bodyLimitBytes } from './check-body.ts';

const TIMEOUT_MS = 10_000;
/** Ten seconds are short for ten megabytes, and for a saga. */
const TIMEOUTS_MS: Readonly<Record<string, number>> = {
  [uploadImage.id]: 55_000,
  [placeOrder.id]: 20_000,
};

/** Answers an operation of our own, or sends the request on to whoever answers it. */
export function dispatch(deps: {
  own: ReadonlyMap<string, OwnOperation>;
  /** By the service's name, for every service that has a route. */
  forwarders: ReadonlyMap<string, Forwarder>;
  clock: Clock;
}): Middleware {
  return async (ctx) => {
    const { route, path, search, headers, cookies } = edgeOf(ctx);
    const own = route.kind === 'operation' ? deps.own.get(route.endpoint.id) : undefined;
    if (own && route.kind === 'operation') {
      await own(ctx, route.params);
      return;
    }
    const call = callOf(ctx);
    const timeoutMs = Math.floor(
      Math.min(timeoutOf(route), call.deadlineMs - deps.clock.monotonic()),
    );
    if (timeoutMs <= 0) throw new ProblemError('deadline_exceeded', 'The deadline has passed.');
    const forwarder = deps.forwarders.get(route.service);
    if (!forwarder) throw new Error(`route to ${route.service}: there is no forwarder to it`);
    await forwarder.forward(ctx, {
      path: `${path}${search}`,
      headers: {
        ...headers,
        ...(cookies !== undefined && usesCookies(route) ? { cookie: cookies } : {}),
        ...contextHeaders(call, timeoutMs),
      },
      timeoutMs,
      bodyLimitBytes: bodyLimitBytes(route),
    });
  };
}

function timeoutOf(route: Route): number {
  return (route.kind === 'operation' ? TIMEOUTS_MS[route.endpoint.id] : undefined) ?? TIMEOUT_MS;
}
