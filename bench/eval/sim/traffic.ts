import { serveOperation } from './exec.ts';
import { type Process, Token } from './kernel.ts';
import { callService } from './mesh.ts';
import type { World } from './world.ts';

/** What visitors ask for, and how often compared with the rest. */
const MIX: readonly (readonly [operation: string, weight: number])[] = [
  ['GET /', 14],
  ['GET /search', 18],
  ['GET /products/:slug', 20],
  ['GET /api/v1/products', 8],
  ['GET /api/v1/products/:id', 12],
  ['GET /media/:hash', 8],
  ['POST /api/v1/sessions', 4],
  ['GET /api/v1/me', 4],
  ['GET /api/v1/orders', 3],
  ['GET /orders', 2],
  ['GET /admin/orders', 1],
  ['POST /checkout', 3],
  ['POST /api/v1/orders', 5],
  ['POST /api/v1/images', 1.5],
  ['GET /nowhere', 1],
];

/** A change of the traffic for a while. */
export type Surge = {
  readonly startMs: number;
  readonly endMs: number;
  readonly factor: number;
  /** Only this operation grows; all of them when absent. */
  readonly operation?: string;
};

/** Open-loop traffic at the edge: requests come by chance, whatever became of those before. */
export function* visit(
  world: World,
  traffic: { rps: number; surges: readonly Surge[]; lean: number },
): Process<void> {
  const { kernel } = world;
  const mix = MIX.map(([operation, weight]) => ({
    operation,
    weight: weight * Math.exp(kernel.normal() * traffic.lean),
  }));
  for (;;) {
    const surges = traffic.surges.filter(
      ({ startMs, endMs }) => kernel.nowMs >= startMs && kernel.nowMs < endMs,
    );
    const weights = mix.map(({ operation, weight }) =>
      surges.reduce(
        (product, surge) =>
          surge.operation === undefined || surge.operation === operation
            ? product * surge.factor
            : product,
        weight,
      ),
    );
    const usual = mix.reduce((sum, { weight }) => sum + weight, 0);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    yield* kernel.sleep(kernel.gapMs((traffic.rps * total) / usual));
    let draw = kernel.random() * total;
    const index = weights.findIndex((weight) => (draw -= weight) < 0);
    const operation = mix[index]?.operation;
    if (operation !== undefined) kernel.spawn(ask(world, operation));
  }
}

function* ask(world: World, operation: string): Process<void> {
  const { kernel } = world;
  const [method = 'GET', route = '/'] = operation.split(' ');
  const path = route.replace(/:\w+/g, () => kernel.hex(8));
  const token = new Token();
  // People do not wait for ever.
  kernel.after(25_000, () => token.cancel());
  yield* callService(
    world,
    { from: undefined, to: 'gateway', method, path: route, token },
    serveOperation(world, {
      service: 'gateway',
      operation,
      path,
      context: { traceId: kernel.hex(32), spanId: '' },
    }),
  );
}
