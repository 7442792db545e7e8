import { Exec, Failure, tcpExchange } from './exec.ts';
import { type Process, Token } from './kernel.ts';

import type { Entry, Instance, Stream } from './types.ts';
import type { World } from './world.ts';

const SUBSCRIBED: Readonly<Record<string, readonly [group: string, service: string]>> = {
  'orders.events': ['notifications', 'notifications'],
  'images.jobs': ['workers', 'images'],
  'images.events': ['catalog', 'catalog'],
};

/** Writes an event to the outbox; a relay takes it to its stream as soon as Redis does. */
export function publish(exec: Exec, stream: string, type: string): void {
  exec.world.kernel.spawn(relay(exec.detached(), stream, type));
}

function* relay(exec: Exec, name: string, type: string): Process<void> {
  const { kernel } = exec.world;
  yield* kernel.sleep(kernel.about(6));
  for (let attempt = 0; attempt < 40; attempt++) {
    if (exec.instance.state === 'gone') return;
    const sent = yield* exec.inSpan(
      `publish ${name}`,
      'producer',
      { attributes: { 'messaging.destination.name': name, 'messaging.message.event_type': type } },
      function* send(inner) {
        const { traceId, spanId } = inner.context;
        if (!(yield* inner.redis('xadd'))) return false;
        streamOf(exec.world, name)?.entries.push({ traceId, spanId, type });
        return true;
      },
    );
    if (sent) return;
    yield* kernel.sleep(Math.min(5_000, 200 * 2 ** attempt));
  }
}

function streamOf(world: World, name: string): Stream | undefined {
  const subscribed = SUBSCRIBED[name];
  if (!subscribed) return undefined;
  let stream = world.streams.get(name);
  if (!stream) {
    const [group, service] = subscribed;
    stream = { name, group, service, entries: [], pending: 0, handled: 0 };
    world.streams.set(name, stream);
  }
  return stream;
}

/** Everything that runs without being asked: consumers, polls, garbage collection, a busy neighbour. */
export function startBackground(world: World): void {
  for (const name of Object.keys(SUBSCRIBED)) {
    const stream = streamOf(world, name);
    if (!stream) continue;
    world.kernel.spawn(consume(world, stream));
    world.kernel.spawn(report(world, stream));
  }
  world.kernel.spawn(collectGarbage(world));
  world.kernel.spawn(disturb(world));
}

/** What each instance does all the time: looks at its outbox, renews its leases. */
export function* poll(world: World, instance: Instance): Process<void> {
  const { kernel } = world;
  const hasDatabase = !['gateway', 'storefront', 'admin'].includes(instance.service);
  const usesRedis = !['storefront', 'admin', 'profiles'].includes(instance.service);
  while (instance.state !== 'gone') {
    yield* kernel.sleep(kernel.between(900, 1_100));
    if (instance.state !== 'ready') continue;
    if (hasDatabase) kernel.spawn(tcpExchange(world, instance, { store: 'postgres', medianMs: 1 }));
    if (usesRedis) kernel.spawn(tcpExchange(world, instance, { store: 'redis', medianMs: 0.4 }));
  }
}

function* consume(world: World, stream: Stream): Process<void> {
  const { kernel } = world;
  for (;;) {
    yield* kernel.sleep(kernel.about(8));
    const leader = world.of(stream.service).find(({ state }) => state === 'ready');
    if (!leader) continue;
    if (stream.entries.length === 0) continue;
    const probe = new Exec({
      world,
      instance: leader,
      token: new Token(),
      context: { traceId: kernel.hex(32), spanId: kernel.hex(16) },
    });
    // Commands of loops have no parent, and so no spans.
    const reached = yield* tcpExchange(world, probe.instance, { store: 'redis', medianMs: 0.4 });
    if (reached !== 'ok') {
      yield* kernel.sleep(kernel.between(200, 1_000));
      continue;
    }
    const entry = stream.entries.shift();
    if (!entry) continue;
    stream.pending++;
    yield* handleUntilDone(world, { stream, entry, leader });
    stream.pending--;
    stream.handled++;
  }
}

function* handleUntilDone(
  world: World,
  { stream, entry, leader }: { stream: Stream; entry: Entry; leader: Instance },
): Process<void> {
  const { kernel } = world;
  for (let attempt = 0; attempt < 5; attempt++) {
    const exec = new Exec({ world, instance: leader, token: new Token(), context: entry });
    try {
      yield* exec.inSpan(
        `process ${stream.name}`,
        'consumer',
        {
          attributes: {
            'messaging.destination.name': stream.name,
            'messaging.consumer.group.name': stream.group,
            'messaging.message.event_type': entry.type,
          },
          links: [{ traceId: entry.traceId, spanId: entry.spanId }],
        },
        (inner) => handle(inner, stream),
      );
      return;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      yield* kernel.sleep(Math.min(2_500, 100 * 2 ** attempt));
    }
  }
}

function* handle(exec: Exec, stream: Stream): Process<void> {
  const slow = exec.world.met('consumer', { to: stream.name, instance: exec.instance });
  if (slow?.effect.kind === 'delay') yield* exec.pause(slow.effect.delayMs);
  if (slow?.effect.kind === 'error') throw new Failure(503);
  switch (stream.name) {
    case 'images.jobs':
      yield* exec.query(2);
      yield* exec.workAside(140);
      yield* exec.query(3);
      publish(exec, 'images.events', 'image.ready');
      return;
    case 'orders.events':
      yield* exec.query(3);
      exec.world.kernel.spawn(sendMail(exec.detached()));
      return;
    default:
      yield* exec.query(3);
  }
}

function* sendMail(exec: Exec): Process<void> {
  const { kernel } = exec.world;
  yield* kernel.sleep(kernel.between(10, 260));
  for (let attempt = 0; attempt < 4; attempt++) {
    try {
      yield* exec.inSpan('send mail', 'internal', {}, function* send(inner) {
        yield* inner.need('profiles', 'GET /internal/v1/accounts/:id', 5_000);
        yield* inner.pause(kernel.about(6));
        yield* inner.query(1);
      });
      return;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      yield* kernel.sleep(1_000 * 2 ** attempt);
    }
  }
}

function* report(world: World, stream: Stream): Process<void> {
  const { kernel } = world;
  for (;;) {
    yield* kernel.sleep(kernel.between(950, 1_080));
    const teller = world.of(stream.service).find(({ state }) => state === 'ready');
    if (teller) world.telemetry.queue(stream, teller.name);
  }
}

function* collectGarbage(world: World): Process<void> {
  const { kernel, settings } = world;
  for (;;) {
    yield* kernel.sleep(kernel.gapMs(1_000 / settings.gcEveryMs));
    const instance = kernel.pick(world.instances);
    instance.cpuFreeMs = Math.max(instance.cpuFreeMs, kernel.nowMs) + kernel.about(settings.gcMs);
  }
}

/** Somebody else's work on the same machine. */
function* disturb(world: World): Process<void> {
  const { kernel } = world;
  for (;;) {
    yield* kernel.sleep(kernel.gapMs(1 / 40));
    world.stall(kernel.about(180, 0.6));
  }
}
