import type { AttributeValue, SpanRecord } from '@faultline/origin/model';
import { type Process, Signal, Token, wait } from './kernel.ts';
import { callService, type Serve } from './mesh.ts';
import type { Instance, Reply } from './types.ts';
import type { World } from './world.ts';

/** What an operation does with what it can do. */
export type Handler = (exec: Exec) => Process<number>;

type Context = { readonly traceId: string; readonly spanId: string };

/** A problem that becomes the request's status. */
export class Failure extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

const POOL_WAIT_MS = 3_000;
const QUERY_MS_MAX = 10_000;
const REDIS_MS_MAX = 2_000;

/** What an operation can do while it serves one request (or one message) in one instance. */
export class Exec {
  readonly world: World;
  readonly instance: Instance;
  readonly token: Token;
  readonly context: Context;

  constructor(options: { world: World; instance: Instance; token: Token; context: Context }) {
    this.world = options.world;
    this.instance = options.instance;
    this.token = options.token;
    this.context = options.context;
  }

  /** Own work on the one thread of the instance. */
  *work(ms: number): Process<void> {
    const { kernel } = this.world;
    const { instance } = this;
    const cpuMs = kernel.about(ms) * coldness(instance, kernel.nowMs);
    const startMs = Math.max(kernel.nowMs, instance.cpuFreeMs);
    instance.cpuFreeMs = startMs + cpuMs * this.world.slowdown;
    this.world.useCpu(cpuMs);
    yield* this.#unlessCancelled(kernel.spawn(kernel.sleep(instance.cpuFreeMs - kernel.nowMs)));
  }

  /** Own work beside that thread: hashing, decoding. */
  *workAside(ms: number): Process<void> {
    const { kernel } = this.world;
    const cpuMs = kernel.about(ms, 0.2);
    this.world.useCpu(cpuMs);
    yield* this.#unlessCancelled(kernel.spawn(kernel.sleep(cpuMs * this.world.slowdown)));
  }

  /** The same place in the trace, for work that goes on whoever waits for it. */
  detached(): Exec {
    return new Exec({ ...this.#parts(), context: this.context, token: new Token() });
  }

  *pause(ms: number): Process<void> {
    yield* this.#unlessCancelled(this.world.kernel.spawn(this.world.kernel.sleep(ms)));
  }

  /** Queries on one pooled connection. Throws a 503 when the database is not there. */
  *query(count = 1, scale = 1): Process<void> {
    yield* this.#acquire();
    try {
      for (let done = 0; done < count; done++) {
        const ok = yield* this.#unlessCancelled(this.world.kernel.spawn(this.#queryOnce(scale)));
        if (!ok) throw new Failure(503);
      }
    } finally {
      this.#release();
    }
  }

  /** False when Redis did not answer within `timeoutMs`. */
  *redis(command: string, timeoutMs = REDIS_MS_MAX): Process<boolean> {
    const { kernel } = this.world;
    return yield* this.#tcp({
      store: 'redis',
      name: command,
      medianMs: 0.35,
      timeoutMs,
      attributes: { 'db.system.name': 'redis', 'db.operation.name': command },
      started: kernel.nowMs,
    });
  }

  /** Calls a neighbour; never throws. */
  *call(to: string, operation: string, timeoutMs: number): Process<Reply> {
    const { kernel, telemetry } = this.world;
    const [method = 'GET', route = '/'] = operation.split(' ');
    const path = route.replace(/:\w+/g, () => kernel.hex(8));
    const spanId = kernel.hex(16);
    const startMs = kernel.nowMs;
    const token = new Token();
    this.token.cancelled.whenKnown(() => token.cancel());
    const context = { traceId: this.context.traceId, spanId };
    const work = kernel.spawn(
      callService(
        this.world,
        { from: this.instance, to, method, path: route, token },
        serveOperation(this.world, { service: to, operation, path, context }),
      ),
    );
    const reply: Reply = (yield* wait(kernel.within(work, timeoutMs))) ?? {
      status: 0,
      cause: 'timeout',
    };
    token.cancel();
    const cancelled = reply.status === 499 || reply.status === 0;
    telemetry.span(this.instance, {
      ...this.#ids(spanId),
      kind: 'client',
      name: method,
      ...this.#time(startMs),
      isError: cancelled || reply.status >= 400,
      attributes: {
        'http.request.method': method,
        'server.address': to,
        'server.port': 80,
        'url.full': `http://${to}${path}`,
        ...(cancelled
          ? { 'error.type': 'AbortError' }
          : { 'http.response.status_code': reply.status }),
      },
    });
    return reply;
  }

  /** Calls a neighbour that cannot be done without. */
  *need(to: string, operation: string, timeoutMs: number): Process<number> {
    const reply = yield* this.call(to, operation, timeoutMs);
    if (reply.status === 0 || reply.status === 504) throw new Failure(504);
    if (reply.status >= 500) throw new Failure(503);
    return reply.status;
  }

  *inSpan<T>(
    name: string,
    kind: SpanRecord['kind'],
    { attributes = {}, links = [] }: { attributes?: Attributes; links?: SpanRecord['links'] },
    work: (exec: Exec) => Process<T>,
  ): Process<T> {
    const { kernel, telemetry } = this.world;
    const spanId = kernel.hex(16);
    const startMs = kernel.nowMs;
    const context = { traceId: this.context.traceId, spanId };
    let isError = true;
    try {
      const value = yield* work(new Exec({ ...this.#parts(), context }));
      isError = false;
      return value;
    } finally {
      telemetry.span(this.instance, {
        ...this.#ids(spanId),
        kind,
        name,
        ...this.#time(startMs),
        isError,
        attributes: { ...attributes, ...(isError && { 'error.type': 'unavailable' }) },
        links,
      });
    }
  }

  #parts() {
    return { world: this.world, instance: this.instance, token: this.token };
  }

  #ids(spanId: string) {
    const { traceId, spanId: parentSpanId } = this.context;
    const links: SpanRecord['links'] = [];
    return { traceId, spanId, parentSpanId, links };
  }

  #time(startMs: number) {
    return { startMs, durationMs: Math.round((this.world.kernel.nowMs - startMs) * 1e3) / 1e3 };
  }

  *#unlessCancelled<T>(signal: Signal<T>): Process<T> {
    const first = new Signal<T | undefined>();
    signal.whenKnown((value) => first.resolve(value));
    this.token.cancelled.whenKnown(() => first.resolve(undefined));
    const value = yield* wait(first);
    if (this.token.isCancelled) throw new Failure(499);
    // Not cancelled: then it is the signal's own value.
    return value as T;
  }

  *#acquire(): Process<void> {
    const { instance } = this;
    if (instance.poolFree > 0) {
      instance.poolFree--;
      return;
    }
    const turn = new Signal<void>();
    instance.poolWaiting.push(turn);
    const got = new Signal<boolean>();
    turn.whenKnown(() => got.resolve(true));
    const inTime = yield* wait(this.world.kernel.within(got, POOL_WAIT_MS));
    if (inTime) return;
    const at = instance.poolWaiting.indexOf(turn);
    if (at >= 0) instance.poolWaiting.splice(at, 1);
    else this.#release();
    throw new Failure(503);
  }

  #release(): void {
    const next = this.instance.poolWaiting.shift();
    if (next) next.resolve();
    else this.instance.poolFree++;
  }

  *#queryOnce(scale: number): Process<boolean> {
    const { settings } = this.world;
    const { service } = this.instance;
    const contention = this.world.enterPostgres();
    try {
      return yield* this.#tcp({
        store: 'postgres',
        name: `pg.query:SELECT ${service}`,
        medianMs: settings.postgresMs * scale * contention,
        timeoutMs: QUERY_MS_MAX,
        attributes: {
          'db.system.name': 'postgresql',
          'db.namespace': service,
          'server.address': '127.0.0.1',
        },
        started: this.world.kernel.nowMs,
      });
    } finally {
      this.world.leavePostgres();
    }
  }

  *#tcp(options: {
    store: string;
    name: string;
    medianMs: number;
    timeoutMs: number;
    attributes: Attributes;
    started: number;
  }): Process<boolean> {
    const { kernel, telemetry } = this.world;
    const work = kernel.spawn(tcpExchange(this.world, this.instance, options));
    const reply = (yield* wait(kernel.within(work, options.timeoutMs))) ?? 'ETIMEDOUT';
    telemetry.span(this.instance, {
      ...this.#ids(kernel.hex(16)),
      kind: 'client',
      name: options.name,
      ...this.#time(options.started),
      isError: reply !== 'ok',
      ...(reply !== 'ok' && { statusMessage: reply }),
      attributes: { ...options.attributes, ...(reply !== 'ok' && { 'error.type': reply }) },
    });
    return reply === 'ok';
  }
}

type Attributes = Readonly<Record<string, AttributeValue>>;

/** One round trip to a store through the sidecar's TCP relay. */
export function* tcpExchange(
  world: World,
  instance: Instance,
  { store, medianMs }: { store: string; medianMs: number },
): Process<string> {
  const { kernel, telemetry } = world;
  const { service, version, name } = instance;
  const counts = telemetry.counts(instance, {
    view: 'tcp',
    source: { service, version, instance: name },
    target: { kind: 'store', name: store },
  });
  const asked = kernel.about(280, 0.3);
  const fault = world.met('tcp', { from: service, to: store });
  // What is held back on its way there was never written.
  if (!fault || fault.direction === 'response') counts.written += asked;
  const bytes = kernel.about(600, 0.8);
  if (fault) {
    const { effect } = fault;
    if (effect.kind === 'reset') {
      counts.opened++;
      counts.closed++;
      yield* kernel.sleep(kernel.about(1));
      return 'ECONNRESET';
    }
    if (effect.kind === 'blackhole') {
      yield* kernel.sleep(Math.max(0, fault.endMs - kernel.nowMs));
      return 'ECONNRESET';
    }
    if (effect.kind === 'delay') {
      yield* kernel.sleep(effect.delayMs + (kernel.random() * 2 - 1) * effect.jitterMs);
    }
    if (effect.kind === 'bandwidth') yield* kernel.sleep((bytes / effect.bytesPerSecond) * 1_000);
    if (fault.direction === 'request') counts.written += asked;
  }
  yield* kernel.sleep(kernel.about(medianMs, 0.5) * world.slowdown);
  counts.read += bytes;
  return 'ok';
}

/** The server side of an operation: a span, the work, a status. */
export function serveOperation(
  world: World,
  of: { service: string; operation: string; path: string; context: Context },
): Serve {
  return function* serve(instance, token) {
    const { kernel, telemetry } = world;
    const handler = world.handlers[of.service]?.[of.operation];
    if (!handler) throw new Error(`serve ${of.service} ${of.operation}: no such operation`);
    const spanId = kernel.hex(16);
    const startMs = kernel.nowMs;
    instance.served++;
    const context = { traceId: of.context.traceId, spanId };
    const exec = new Exec({ world, instance, token, context });
    let status = 500;
    try {
      const fault = world.met('app', { to: of.service, instance });
      if (fault?.effect.kind === 'delay') yield* exec.pause(fault.effect.delayMs);
      if (fault?.effect.kind === 'cpu') yield* exec.work(fault.effect.ms);
      if (fault?.effect.kind === 'error') throw new Failure(fault.effect.status);
      status = yield* handler({ world, instance, token, context });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      ({ status } = error);
    }
    // The provider is a company of its own: it tells nothing.
    if (of.service === 'payment-provider') return { status };
    const [method = ''] = of.operation.split(' ');
    telemetry.span(instance, {
      traceId: context.traceId,
      spanId,
      ...(of.context.spanId !== '' && {
        parentSpanId: instance.sidecarAlive ? kernel.hex(16) : of.context.spanId,
      }),
      kind: 'server',
      name: of.operation,
      startMs,
      durationMs: Math.round((kernel.nowMs - startMs) * 1e3) / 1e3,
      isError: status >= 500,
      attributes: {
        'http.request.method': method,
        'http.route': of.operation.slice(method.length + 1),
        'url.path': of.path,
        ...(status !== 499 && { 'http.response.status_code': status }),
      },
      links: [],
    });
    return { status };
  };
}

/** Programs are slow at first: nothing is compiled, nothing is connected. */
function coldness(instance: Instance, nowMs: number): number {
  const ageMs = nowMs - instance.bornMs;
  return 1 + 5 * Math.exp(-ageMs / 3_000) + 3 * Math.exp(-instance.served / 15);
}
