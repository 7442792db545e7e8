import type { Random } from '@faultline/mesh-core/random';
import type { WireFault } from '@faultline/mesh-core/snapshot';
import type { Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import { limitBandwidth, slowClose, truncate } from '../fault-streams.ts';
import { Body } from '../http/body.ts';
import type { Handler, Layer } from '../layer.ts';
import type { Request, Response } from '../request.ts';
import { pause } from '../scope.ts';

type Deps = {
  readonly clock: Clock;
  readonly random: Random;
  /** Requests that no fault touches: probes, and reading metrics. */
  readonly isExempt?: (request: Request) => boolean;
};

/** The rehearsal's faults, each until its lease ends by the wall clock, whoever asked for it being alive or not. */
export function faults(all: readonly WireFault[], deps: Deps): Layer | undefined {
  if (all.length === 0) return undefined;
  return (next) =>
    all.reduceRight<Handler>((inner, fault) => {
      const injected = inject(fault, inner, deps);
      return (request) => {
        if (!applies(fault, request, deps)) return inner(request);
        (request.decision.faults ??= []).push(fault.id);
        return injected(request);
      };
    }, next);
}

function applies(fault: WireFault, request: Request, deps: Deps): boolean {
  const { clock, random, isExempt } = deps;
  if (clock.now() >= fault.untilMs || isExempt?.(request)) return false;
  const { method, pathPrefix } = fault.match;
  if (method !== undefined && method !== request.method) return false;
  if (pathPrefix !== undefined && !request.path.startsWith(pathPrefix)) return false;
  return random() * 100 < fault.sharePercent;
}

function inject(fault: WireFault, next: Handler, deps: Deps): Handler {
  const { effect } = fault;
  const onRequest = fault.direction === 'request';
  switch (effect.kind) {
    case 'delay':
      return delayed(fault, effect, { next, ...deps });
    case 'error':
      return async (request) => {
        if (!onRequest) await dropped(next, request);
        return { status: effect.status, headers: [], body: Body.empty() };
      };
    case 'reset':
      return async (request) => {
        if (!onRequest) await dropped(next, request);
        throw new ProxyError('injected-reset', 'connection reset by an injected fault');
      };
    case 'blackhole':
      return async (request) => {
        if (!onRequest) await dropped(next, request);
        await pause(fault.untilMs - deps.clock.now(), request.scope, deps.clock);
        throw new ProxyError('injected-reset', 'the injected black hole has closed');
      };
    case 'bandwidth':
      return throttled(fault, effect.bytesPerSecond, { next, ...deps });
    case 'slow-close':
      return onReply(next, (body) => slowClose(body, effect.delayMs, deps.clock));
    case 'truncate':
      return onReply(next, (body) => truncate(body, effect.afterBytes));
  }
}

type Inner = Deps & { readonly next: Handler };

function delayed(
  fault: WireFault,
  { delayMs, jitterMs }: { delayMs: number; jitterMs: number },
  { next, clock, random }: Inner,
): Handler {
  const waitMs = (): number => Math.max(0, delayMs + (random() * 2 - 1) * jitterMs);
  if (fault.direction === 'request') {
    return async (request) => {
      await pause(waitMs(), request.scope, clock);
      return await next(request);
    };
  }
  return async (request) => {
    const response = await next(request);
    await pause(waitMs(), request.scope, clock);
    return response;
  };
}

function throttled(fault: WireFault, bytesPerSecond: number, { next, clock }: Inner): Handler {
  const lease = { untilMs: fault.untilMs, bytesPerSecond };
  if (fault.direction === 'response') {
    return onReply(next, (body) => limitBandwidth(body, lease, clock));
  }
  return (request) => {
    const slowed = request;
    slowed.body = limitBandwidth(request.body, lease, clock);
    return next(slowed);
  };
}

function onReply(next: Handler, change: (body: Body) => Body): Handler {
  return async (request) => {
    const response = await next(request);
    return { ...response, body: change(response.body) };
  };
}

/** The server does its work; its reply gets lost. */
async function dropped(next: Handler, request: Request): Promise<void> {
  const { body }: Response = await next(request);
  body.cancel(new ProxyError('injected-reset', 'the reply was dropped by an injected fault'));
}
