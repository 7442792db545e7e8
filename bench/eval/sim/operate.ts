import { poll } from './background.ts';
import type { Process } from './kernel.ts';
import type { Instance } from './types.ts';
import type { World } from './world.ts';

const POOL_MAX = 10;

/** Starts an instance; it is ready after its start-up time, or at once. */
export function startInstance(
  world: World,
  options: { service: string; version: string; startMs?: number },
): Instance {
  const { kernel, telemetry } = world;
  const { service, version, startMs = 0 } = options;
  const instance: Instance = {
    service,
    name: `${service}-${version.replaceAll('.', '')}c-${kernel.hex(5)}`,
    version,
    state: startMs > 0 ? 'starting' : 'ready',
    listed: startMs === 0,
    sidecarAlive: true,
    bornMs: kernel.nowMs,
    cpuFreeMs: 0,
    poolFree: POOL_MAX,
    poolWaiting: [],
    inFlight: new Set(),
    served: 0,
    breakers: new Map(),
    failFastSince: new Map(),
    load: new Map(),
  };
  world.instances.push(instance);
  if (service !== 'payment-provider') telemetry.join(instance);
  if (startMs > 0) {
    tell(world, instance, 'started');
    kernel.after(startMs, () => becomeReady(world, instance));
  }
  kernel.spawn(poll(world, instance));
  return instance;
}

function becomeReady(world: World, instance: Instance): void {
  if (instance.state !== 'starting') return;
  instance.state = 'ready';
  instance.bornMs = world.kernel.nowMs;
  instance.served = 0;
  instance.cpuFreeMs = world.kernel.nowMs;
  world.kernel.after(world.kernel.between(20, 200), () => {
    if (instance.state === 'ready') instance.listed = true;
  });
  tell(world, instance, 'ready');
}

/** Drains and ends an instance, as asked for. */
export function* stopInstance(world: World, instance: Instance): Process<void> {
  const { kernel } = world;
  tell(world, instance, 'stopping');
  instance.listed = false;
  instance.state = 'draining';
  yield* kernel.sleep(kernel.between(800, 1_500));
  for (let waited = 0; instance.inFlight.size > 0 && waited < 50; waited++) {
    yield* kernel.sleep(100);
  }
  yield* kernel.sleep(600);
  instance.state = 'gone';
  instance.sidecarAlive = false;
  tell(world, instance, 'stopped');
}

/** Kills an instance; it is started again, unless it is to stay away until `backMs`. */
export function* killInstance(
  world: World,
  instance: Instance,
  options: { withSidecar: boolean; awayMs: number; startMs: number },
): Process<void> {
  const { kernel, telemetry } = world;
  instance.state = 'dead';
  instance.sidecarAlive = !options.withSidecar;
  telemetry.lose(instance);
  for (const outcome of instance.inFlight) outcome.resolve({ status: 502, cause: 'reset' });
  instance.inFlight.clear();
  instance.poolWaiting.length = 0;
  instance.poolFree = POOL_MAX;
  yield* kernel.sleep(kernel.between(40, 400));
  instance.listed = false;
  tell(world, instance, 'crashed');
  yield* kernel.sleep(options.awayMs);
  instance.state = 'starting';
  instance.sidecarAlive = true;
  tell(world, instance, 'started');
  yield* kernel.sleep(options.startMs);
  becomeReady(world, instance);
}

/** Replaces all instances of a service by those of another version, one after the other. */
export function* roll(world: World, service: string, version: string): Process<void> {
  const { kernel } = world;
  const old = world.of(service).filter(({ state }) => state === 'ready');
  for (const instance of old) {
    startInstance(world, { service, version, startMs: kernel.between(800, 1_800) });
    yield* kernel.sleep(kernel.between(2_000, 3_000));
    yield* stopInstance(world, instance);
  }
}

function tell(
  world: World,
  { service, version, name }: Instance,
  state: 'started' | 'ready' | 'stopping' | 'stopped' | 'crashed',
): void {
  world.change(
    { kind: 'instance', service, version, instance: name, state, detail: `${name} ${state}` },
    world.kernel.between(10, 150),
  );
}
