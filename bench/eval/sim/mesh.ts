import type { Cause } from '@faultline/origin/model';
import { type Process, Signal, Token, wait } from './kernel.ts';
import { observe } from './telemetry.ts';
import type { Breaker, Effect, Fault, Instance, Reply } from './types.ts';
import type { World } from './world.ts';

export type Call = {
  readonly from: Instance | undefined;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  readonly token: Token;
};

/** What the callee's app does with a call. */
export type Serve = (instance: Instance, token: Token) => Process<Reply>;

type Route = { readonly retries: number; readonly tryMs: number; readonly requestMs: number };

const FAIL_FAST_MS = 3_000;
const TRIP_AFTER = 7;
const CHANGING: Readonly<Record<string, Route>> = {
  'orders POST /api/v1/orders': { retries: 0, tryMs: Infinity, requestMs: 20_000 },
  'inventory PUT': { retries: 2, tryMs: 1_000, requestMs: 3_000 },
  'inventory POST': { retries: 2, tryMs: 1_000, requestMs: 3_000 },
  'payments POST': { retries: 2, tryMs: Infinity, requestMs: 3_000 },
  'images POST': { retries: 0, tryMs: Infinity, requestMs: 15_000 },
  'profiles POST': { retries: 0, tryMs: Infinity, requestMs: 5_000 },
  'payment-provider POST': { retries: 0, tryMs: Infinity, requestMs: Infinity },
  'payment-provider GET': { retries: 0, tryMs: Infinity, requestMs: Infinity },
};
const READING: Route = { retries: 2, tryMs: 2_000, requestMs: 5_000 };
const PAGES: Route = { retries: 1, tryMs: Infinity, requestMs: 10_000 };
const GATEWAY_ERRORS = new Set([502, 503, 504]);

/** Services without a sidecar. */
const PROVIDERS: ReadonlySet<string> = new Set(['payment-provider']);

/** One call through both sidecars, as the caller's app sees it: once, whatever was tried. */
export function* callService(world: World, call: Call, serve: Serve): Process<Reply> {
  const { kernel, telemetry } = world;
  const { from, to, token } = call;
  // The edge has no sidecar in front of it.
  if (from === undefined) return yield* attempt(world, call, serve);
  const route = routeOf(call);
  const counts = telemetry.counts(from, {
    view: 'route',
    source: placeOf(from),
    target: { kind: PROVIDERS.has(to) ? 'provider' : 'service', name: to },
  });
  const startMs = kernel.nowMs;
  count();
  // When it is sent on to a backend; what a fault does on the way comes after that.
  counts.requests++;
  const own = new Token();
  token.cancelled.whenKnown(() => own.cancel());
  const work = kernel.spawn(tryAll(world, { ...call, token: own }, { serve, route, counts }));
  const cancelled = new Signal<Reply>();
  token.cancelled.whenKnown(() => cancelled.resolve({ status: 499, cause: 'cancelled' }));
  work.whenKnown((reply) => cancelled.resolve(reply));
  const reply = (yield* wait(kernel.within(cancelled, route.requestMs))) ?? timedOut;
  own.cancel();
  counts.responses++;
  const cause = causeOf(reply);
  if (cause) counts.failures[cause] = (counts.failures[cause] ?? 0) + 1;
  if (reply.cause === undefined) observe(counts, kernel.nowMs - startMs);
  count();
  return reply;

  function count(): void {
    if (!from) return;
    const all = world.of(to);
    counts.ready = all.filter((one) => isReady(world, from, one)).length;
    counts.pending = all.filter(({ listed }) => listed).length - counts.ready;
  }
}

const timedOut: Reply = { status: 504, cause: 'timeout' };

function routeOf({ to, method, path }: Call): Route {
  const exact = CHANGING[`${to} ${method} ${path}`] ?? CHANGING[`${to} ${method}`];
  if (exact) return exact;
  return to === 'storefront' || to === 'admin' ? PAGES : READING;
}

function causeOf({ status, cause }: Reply): Cause | undefined {
  return cause ?? (status >= 500 ? 'status' : undefined);
}

function* tryAll(
  world: World,
  call: Call,
  {
    serve,
    route,
    counts,
  }: { serve: Serve; route: Route; counts: { retries: number; retrySuccesses: number } },
): Process<Reply> {
  const { kernel } = world;
  for (let retries = 0; ; retries++) {
    const token = new Token();
    call.token.cancelled.whenKnown(() => token.cancel());
    const work = kernel.spawn(attempt(world, { ...call, token }, serve));
    const limitMs = retries < route.retries ? route.tryMs : Infinity;
    const reply = (yield* wait(kernel.within(work, limitMs))) ?? timedOut;
    if (reply === timedOut) token.cancel();
    const isRetryable = GATEWAY_ERRORS.has(reply.status);
    if (retries > 0 && !isRetryable) counts.retrySuccesses++;
    if (!isRetryable || retries >= route.retries || call.token.isCancelled) return reply;
    yield* kernel.sleep(kernel.between(0.5, 1) * Math.min(250, 25 * 2 ** retries));
    counts.retries++;
  }
}

function* attempt(world: World, call: Call, serve: Serve): Process<Reply> {
  const { kernel } = world;
  const { from, to, token } = call;
  const spot = { to, ...(from && { from: from.service }) };
  yield* kernel.sleep(kernel.about(0.5) * world.slowdown);
  if (from && kernel.random() < world.settings.blipShare) return { status: 502, cause: 'reset' };
  const fault = from && world.met('outbound', spot);
  if (fault) {
    const reply = yield* before(world, fault, token);
    if (reply) return reply;
  }
  const endpoint = yield* findEndpoint(world, call);
  if (!endpoint) return { status: 504, cause: token.isCancelled ? 'cancelled' : 'failfast' };
  if (endpoint === 'shed') return { status: 503, cause: 'shed' };
  return yield* exchange(world, call, { endpoint, serve });
}

/** What a fault on the way there does; undefined lets the request go on. */
function* before(world: World, fault: Fault, token: Token): Process<Reply | undefined> {
  const { kernel } = world;
  const { effect } = fault;
  if (fault.direction === 'response' && effect.kind !== 'delay') {
    yield* kernel.sleep(kernel.about(8));
  }
  return yield* suffer(world, effect, { fault, token });
}

function* suffer(
  world: World,
  effect: Effect,
  { fault, token }: { fault: Fault; token: Token },
): Process<Reply | undefined> {
  const { kernel } = world;
  switch (effect.kind) {
    case 'error':
      return { status: effect.status };
    case 'reset':
      return { status: 502, cause: 'reset' };
    case 'delay': {
      const jitter = (kernel.random() * 2 - 1) * effect.jitterMs;
      yield* kernel.sleep(Math.max(0, effect.delayMs + jitter));
      return undefined;
    }
    case 'bandwidth':
      yield* kernel.sleep((kernel.about(2_500, 0.5) / effect.bytesPerSecond) * 1_000);
      return undefined;
    case 'cpu':
      return undefined;
    case 'blackhole': {
      const over = new Signal<void>();
      kernel.after(fault.endMs - kernel.nowMs, () => over.resolve());
      token.cancelled.whenKnown(() => over.resolve());
      yield* wait(over);
      return { status: 502, cause: 'reset' };
    }
  }
}

/** The less busy of two; waits where none is ready, and fails fast where that lasts. */
function* findEndpoint(world: World, call: Call): Process<Instance | 'shed' | undefined> {
  const { kernel } = world;
  const { from, to, token } = call;
  const refused = new Set<string>();
  const enteredMs = kernel.nowMs;
  for (;;) {
    const ready = eligible(world, call).filter(
      (one) => !refused.has(one.name) && (!from || isReady(world, from, one)),
    );
    const endpoint = lessBusy(world, from, ready);
    if (endpoint?.sidecarAlive) {
      from?.failFastSince.delete(to);
      return endpoint;
    }
    if (endpoint) {
      refused.add(endpoint.name);
      yield* kernel.sleep(1);
      continue;
    }
    const sinceMs = from?.failFastSince.get(to);
    if (sinceMs !== undefined && kernel.nowMs - sinceMs > FAIL_FAST_MS) return 'shed';
    from?.failFastSince.set(to, sinceMs ?? kernel.nowMs);
    if (kernel.nowMs - enteredMs > FAIL_FAST_MS || token.isCancelled) return undefined;
    refused.clear();
    yield* kernel.sleep(50);
  }
}

/** Those of the version that the split drew. */
function eligible(world: World, { to }: Call): Instance[] {
  const listed = world.of(to).filter((one) => one.listed);
  const weights = world.weights.get(to);
  if (!weights) return listed;
  let draw = world.kernel.random() * [...weights.values()].reduce((sum, one) => sum + one, 0);
  for (const [version, weight] of weights) {
    draw -= weight;
    if (draw < 0) return listed.filter((one) => one.version === version);
  }
  return listed;
}

function lessBusy(
  world: World,
  from: Instance | undefined,
  ready: readonly Instance[],
): Instance | undefined {
  if (ready.length < 2) return ready[0];
  const load = (one: Instance): number => (from?.load.get(one.name) ?? 1) * (1 + one.inFlight.size);
  const [a, b] = [world.kernel.pick(ready), world.kernel.pick(ready)];
  return load(a) <= load(b) ? a : b;
}

function breakerOf(from: Instance, { name }: Instance): Breaker {
  let breaker = from.breakers.get(name);
  if (!breaker) {
    breaker = { failures: 0, shutUntilMs: 0, trips: 0, probing: false };
    from.breakers.set(name, breaker);
  }
  return breaker;
}

function isReady(world: World, from: Instance, to: Instance): boolean {
  const breaker = breakerOf(from, to);
  return to.listed && world.kernel.nowMs >= breaker.shutUntilMs && !breaker.probing;
}

function record(
  world: World,
  { from, endpoint }: { from: Instance; endpoint: Instance },
  ok: boolean,
) {
  const breaker = breakerOf(from, endpoint);
  breaker.probing = false;
  breaker.failures = ok ? 0 : breaker.failures + 1;
  if (ok) breaker.trips = 0;
  if (PROVIDERS.has(endpoint.service)) return;
  if (breaker.failures < TRIP_AFTER && !(breaker.trips > 0 && breaker.failures > 0)) return;
  const penaltyMs = Math.min(10_000, 1_000 * 2 ** breaker.trips++);
  breaker.shutUntilMs = world.kernel.nowMs + penaltyMs * world.kernel.between(1, 1.5);
  breaker.failures = 0;
}

/** From the caller's sidecar to one endpoint and back. */
function* exchange(
  world: World,
  call: Call,
  { endpoint, serve }: { endpoint: Instance; serve: Serve },
): Process<Reply> {
  const { kernel, telemetry } = world;
  const { from, to, token } = call;
  const startMs = kernel.nowMs;
  if (from) {
    const breaker = breakerOf(from, endpoint);
    breaker.probing = breaker.trips > 0;
  }
  const counts =
    from &&
    telemetry.counts(from, {
      view: 'endpoint',
      source: placeOf(from),
      target: PROVIDERS.has(to)
        ? { kind: 'provider', name: to }
        : { kind: 'service', name: to, version: endpoint.version, instance: endpoint.name },
    });
  if (counts) counts.requests++;
  const outcome = new Signal<Reply>();
  endpoint.inFlight.add(outcome);
  token.cancelled.whenKnown(() => outcome.resolve({ status: 499, cause: 'timeout' }));
  kernel
    .spawn(inbound(world, call, { endpoint, serve }))
    .whenKnown((reply) => outcome.resolve(reply));
  const reply = yield* wait(outcome);
  endpoint.inFlight.delete(outcome);
  const tookMs = kernel.nowMs - startMs;
  if (from && counts) {
    counts.responses++;
    const cause = causeOf(reply);
    if (cause) counts.failures[cause] = (counts.failures[cause] ?? 0) + 1;
    if (reply.cause === undefined) observe(counts, tookMs);
    record(world, { from, endpoint }, cause === undefined);
    const average = from.load.get(endpoint.name) ?? tookMs;
    from.load.set(endpoint.name, average * 0.8 + tookMs * 0.2);
  }
  yield* kernel.sleep(kernel.about(0.3) * world.slowdown);
  return reply;
}

function* inbound(
  world: World,
  { from, to, token }: Call,
  { endpoint, serve }: { endpoint: Instance; serve: Serve },
): Process<Reply> {
  const { kernel, telemetry } = world;
  yield* kernel.sleep(kernel.about(0.4) * world.slowdown);
  if (PROVIDERS.has(to)) return yield* serve(endpoint, token);
  const startMs = kernel.nowMs;
  const counts = telemetry.counts(endpoint, {
    view: 'inbound',
    source: { service: from?.service ?? 'client' },
    target: { kind: 'service', name: to, version: endpoint.version, instance: endpoint.name },
  });
  counts.requests++;
  const outcome = new Signal<Reply>();
  token.cancelled.whenKnown(() => outcome.resolve({ status: 499, cause: 'cancelled' }));
  kernel
    .spawn(handle(world, { endpoint, token, spot: { to, instance: endpoint } }, serve))
    .whenKnown((reply) => outcome.resolve(reply));
  const reply = yield* wait(outcome);
  counts.responses++;
  const cause = causeOf(reply);
  if (cause) counts.failures[cause] = (counts.failures[cause] ?? 0) + 1;
  if (reply.cause === undefined) observe(counts, kernel.nowMs - startMs);
  return reply;
}

function* handle(
  world: World,
  {
    endpoint,
    token,
    spot,
  }: { endpoint: Instance; token: Token; spot: { to: string; instance: Instance } },
  serve: Serve,
): Process<Reply> {
  const fault = world.met('inbound', spot);
  const answersLate = fault?.direction === 'response';
  if (fault && !answersLate) {
    const reply = yield* suffer(world, fault.effect, { fault, token });
    if (reply) return reply;
  }
  if (endpoint.state === 'dead' || endpoint.state === 'starting') {
    return { status: 502, cause: 'connect' };
  }
  const reply = yield* serve(endpoint, token);
  if (!fault || !answersLate) return reply;
  return (yield* suffer(world, fault.effect, { fault, token })) ?? reply;
}

function placeOf({ service, version, name }: Instance) {
  return { service, version, instance: name };
}
