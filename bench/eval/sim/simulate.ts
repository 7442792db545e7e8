import { seededRandom } from '@faultline/mesh-core/random';
import type { Recording } from '@faultline/origin/recording';
import { startBackground } from './background.ts';
import { faultKinds, harmlessKinds, type Kind } from './kinds.ts';
import { Exec, type Handler } from './exec.ts';
import { Kernel } from './kernel.ts';
import { routes } from './operations.ts';
import { startInstance } from './operate.ts';
import type { Stage } from './plan.ts';
import { Telemetry } from './telemetry.ts';
import { visit } from './traffic.ts';
import { World } from './world.ts';

export type RunOptions = {
  readonly kind: string;
  readonly seed: number;
  readonly part: Stage['part'];
  /** Requests a second at the edge; drawn when absent. */
  readonly rps?: number;
  readonly warmUpMs?: number;
  readonly faultMs?: number;
};

const EPOCH_MS = Date.UTC(2026, 0, 5, 9);
const SERVICES = ['storefront', 'catalog', 'inventory', 'orders', 'payments', 'profiles', 'images'];
const SINGLE = ['gateway', 'notifications', 'admin', 'payment-provider'];

/** One run of the simulated shop: what its telemetry would have told, and what was done to it. */
export function simulate(options: RunOptions): Recording {
  const { seed, part } = options;
  const kernel = new Kernel(seededRandom(seed));
  const kind = kindOf(options.kind);
  const warmUpMs = options.warmUpMs ?? kernel.between(35_000, 55_000);
  const faultMs = options.faultMs ?? kernel.between(16_000, 24_000);
  const afterMs = 12_000;
  const world = build(kernel, seed);
  const stage: Stage = {
    world,
    kernel,
    part,
    startMs: warmUpMs,
    endMs: warmUpMs + faultMs,
    surges: [],
    distractors: [],
    expected: [],
  };
  kind(stage);
  const rps =
    options.rps ?? kernel.pick(part === 'tuning' ? [12, 20, 20, 30] : [15, 20, 20, 25, 40]);
  kernel.spawn(visit(world, { rps, surges: stage.surges, lean: 0.25 }));
  startBackground(world);
  kernel.run(warmUpMs + faultMs + afterMs);
  const { lines } = world.telemetry;
  return {
    head: {
      format: 'faultline-recording/1',
      id: `${options.kind.replaceAll(' ', '-')}-${seed}`,
      source: 'simulated',
      seed,
      rps,
      startMs: EPOCH_MS,
      endMs: EPOCH_MS + kernel.nowMs,
      distractors: stage.distractors,
      expected: stage.expected.map(({ faults, startMs, endMs, ...rest }) => {
        const first = faults.flatMap((id) => world.firstHit.get(id) ?? []);
        const hits = faults.reduce((sum, id) => sum + (world.hits.get(id) ?? 0), 0);
        return {
          ...rest,
          startMs: EPOCH_MS + startMs,
          endMs: EPOCH_MS + endMs,
          ...(first.length > 0 && { firstHitMs: EPOCH_MS + Math.min(...first) }),
          // A slow consumer is met by few messages, and all others wait behind them.
          ...(faults.length > 0 && rest.fault !== 'queue backlog' && { hits }),
        };
      }),
    },
    lines,
  };
}

function kindOf(name: string): Kind {
  const kind = faultKinds[name] ?? harmlessKinds[name];
  if (kind) return kind;
  const names = [...Object.keys(faultKinds), ...Object.keys(harmlessKinds)].join(', ');
  throw new Error(`simulate '${name}': expected one of ${names}`);
}

function build(kernel: Kernel, seed: number): World {
  const telemetry = new Telemetry(kernel, {
    epochMs: EPOCH_MS,
    spanLoss: kernel.pick([0, 0.001, 0.01]),
    skewMs: kernel.pick([0, 1, 4]),
    scrapeMs: 500,
    scrapeLoss: 0.01,
    proxySpans: seed % 4 === 0,
    instanceEvents: kernel.random() < 0.75,
  });
  const world = new World({
    handlers: operations(),
    kernel,
    telemetry,
    settings: {
      postgresMs: kernel.between(0.6, 1.6),
      cores: 2,
      gcEveryMs: kernel.between(500, 1_500),
      gcMs: kernel.between(20, 70),
      blipShare: kernel.pick([0, 0.0002, 0.0005]),
    },
  });
  for (const service of SERVICES) {
    const replicas = kernel.pick([1, 2, 2, 3]);
    for (let count = 0; count < replicas; count++) {
      startInstance(world, { service, version: '1.0.0' });
    }
  }
  for (const service of SINGLE) startInstance(world, { service, version: '1.0.0' });
  return world;
}

function operations(): World['handlers'] {
  return Object.fromEntries(
    Object.entries(routes).map(([service, handlers]) => [
      service,
      Object.fromEntries(
        Object.entries(handlers).map(([name, handler]: [string, Handler]) => [
          name,
          (parts: ConstructorParameters<typeof Exec>[0]) => handler(new Exec(parts)),
        ]),
      ),
    ]),
  );
}
