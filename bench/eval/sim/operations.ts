import { publish } from './background.ts';
import { type Exec, Failure, type Handler } from './exec.ts';
import { type Process, wait } from './kernel.ts';

/** Every operation of the shop that the simulated traffic uses, after the services' own code. */
export const routes: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  gateway: {
    'GET /': forward('storefront', 'GET /'),
    'GET /search': forward('storefront', 'GET /search'),
    'GET /products/:slug': forward('storefront', 'GET /products/:slug'),
    'GET /orders': forward('storefront', 'GET /orders'),
    'GET /admin/orders': forward('admin', 'GET /admin/orders'),
    'GET /api/v1/products': forward('catalog', 'GET /api/v1/products'),
    'GET /api/v1/orders': forward('orders', 'GET /api/v1/orders'),
    'GET /api/v1/me': forward('profiles', 'GET /api/v1/me'),
    'POST /api/v1/sessions': forward('profiles', 'POST /api/v1/sessions'),
    'POST /api/v1/images': forward('images', 'POST /api/v1/images'),
    'GET /media/:hash': forward('images', 'GET /media/:hash'),
    'POST /checkout': forward('storefront', 'POST /checkout'),
    'POST /api/v1/orders': forward('orders', 'POST /api/v1/orders'),
    *'GET /api/v1/products/:id'(exec) {
      yield* limitRate(exec);
      const stock = exec.world.kernel.spawn(
        exec.call('inventory', 'POST /internal/v1/availability', 800),
      );
      const status = yield* exec.need('catalog', 'GET /api/v1/products/:id', 4_000);
      yield* wait(stock);
      return status;
    },
    *'GET /nowhere'(exec) {
      yield* limitRate(exec);
      yield* exec.work(0.4);
      return 404;
    },
  },
  storefront: {
    *'GET /'(exec) {
      yield* exec.call('catalog', 'GET /api/v1/products', 3_000);
      yield* exec.work(3);
      return 200;
    },
    *'GET /search'(exec) {
      yield* exec.call('catalog', 'GET /api/v1/products', 3_000);
      yield* exec.work(3.5);
      return 200;
    },
    *'GET /products/:slug'(exec) {
      yield* exec.need('catalog', 'GET /api/v1/products/:id', 3_000);
      yield* exec.call('inventory', 'POST /internal/v1/availability', 1_000);
      yield* exec.work(3);
      return 200;
    },
    *'GET /orders'(exec) {
      yield* exec.need('orders', 'GET /api/v1/orders', 3_000);
      yield* exec.work(2);
      return 200;
    },
    *'POST /checkout'(exec) {
      yield* exec.call('catalog', 'POST /internal/v1/quotes', 2_000);
      yield* exec.call('profiles', 'GET /api/v1/me', 1_000);
      const reply = yield* exec.call('orders', 'POST /api/v1/orders', 8_000);
      yield* exec.work(2);
      return reply.status === 0 || reply.status >= 500 ? 503 : reply.status === 402 ? 402 : 303;
    },
  },
  admin: {
    *'GET /admin/orders'(exec) {
      yield* exec.need('orders', 'GET /api/v1/orders', 5_000);
      yield* exec.call('profiles', 'GET /internal/v1/accounts/:id', 2_000);
      yield* exec.work(3);
      return 200;
    },
  },
  catalog: {
    *'GET /api/v1/products'(exec) {
      yield* cached(exec, 0.5, 4);
      return 200;
    },
    *'GET /api/v1/products/:id'(exec) {
      yield* cached(exec, 0.35, 2);
      return exec.world.kernel.random() < 0.02 ? 404 : 200;
    },
    *'POST /internal/v1/quotes'(exec) {
      yield* exec.query(2);
      yield* exec.work(1);
      return 200;
    },
  },
  inventory: {
    *'POST /internal/v1/availability'(exec) {
      yield* exec.query(1);
      yield* exec.work(0.7);
      return 200;
    },
    *'PUT /internal/v1/reservations/:id'(exec) {
      yield* exec.query(4);
      yield* exec.work(1);
      return exec.world.kernel.random() < 0.03 ? 409 : 200;
    },
    *'POST /internal/v1/reservations/:id/commit'(exec) {
      yield* exec.query(4);
      yield* exec.work(1);
      return 200;
    },
    *'POST /internal/v1/reservations/:id/release'(exec) {
      yield* exec.query(4);
      yield* exec.work(1);
      return 200;
    },
  },
  orders: {
    *'GET /api/v1/orders'(exec) {
      yield* exec.query(2);
      yield* exec.work(1.5);
      return 200;
    },
    *'POST /api/v1/orders'(exec) {
      yield* exec.query(1);
      yield* exec.need('catalog', 'POST /internal/v1/quotes', 3_000);
      yield* exec.query(5);
      yield* exec.work(2);
      publish(exec, 'orders.events', 'order.placed');
      const saga = exec.world.kernel.spawn(orderSaga(exec.detached()));
      return (yield* wait(exec.world.kernel.within(saga, 8_000))) ?? 202;
    },
  },
  payments: {
    *'POST /internal/v1/payments'(exec) {
      yield* exec.query(5);
      const reply = yield* exec.call('payment-provider', 'POST /charges', 2_000);
      yield* exec.work(1);
      if (reply.status === 0 || reply.status >= 500) return 202;
      yield* exec.query(5);
      publish(exec, 'payments.events', 'payment.authorized');
      return exec.world.kernel.random() < declinedShare(exec) ? 402 : 201;
    },
    *'POST /internal/v1/payments/:id/capture'(exec) {
      yield* exec.query(4);
      const reply = yield* exec.call('payment-provider', 'POST /charges/:id/capture', 2_000);
      yield* exec.work(1);
      if (reply.status === 0 || reply.status >= 500) return 202;
      yield* exec.query(5);
      return 200;
    },
    *'POST /internal/v1/payments/:id/void'(exec) {
      yield* exec.query(4);
      yield* exec.work(1);
      return 200;
    },
  },
  'payment-provider': {
    'POST /charges': provide,
    'POST /charges/:id/capture': provide,
  },
  profiles: {
    *'GET /api/v1/me'(exec) {
      yield* exec.query(1);
      yield* exec.work(0.8);
      return 200;
    },
    *'GET /internal/v1/accounts/:id'(exec) {
      yield* exec.query(1);
      yield* exec.work(0.5);
      return 200;
    },
    *'POST /api/v1/sessions'(exec) {
      yield* exec.query(1);
      yield* exec.workAside(60);
      yield* exec.query(2);
      yield* exec.work(1);
      return exec.world.kernel.random() < 0.05 ? 401 : 201;
    },
  },
  images: {
    *'GET /media/:hash'(exec) {
      yield* exec.query(1, 1.5);
      yield* exec.work(1);
      return 200;
    },
    *'POST /api/v1/images'(exec) {
      yield* exec.query(4);
      yield* exec.work(4);
      publish(exec, 'images.jobs', 'image.queued');
      return 202;
    },
  },
};

function forward(to: string, operation: string): Handler {
  return function* forwarded(exec) {
    yield* limitRate(exec);
    yield* exec.work(0.8);
    const reply = yield* exec.call(to, operation, 15_000);
    if (reply.cause && reply.status !== 0) throw new Failure(reply.status === 503 ? 503 : 504);
    return reply.status === 0 ? 504 : reply.status;
  };
}

/** The limiter fails open, so its Redis is never why a request fails. */
function* limitRate(exec: Exec): Process<void> {
  yield* exec.redis('evalsha', 100);
}

function* cached(exec: Exec, missShare: number, queries: number): Process<void> {
  const hit = yield* exec.redis('get', 150);
  if (!hit || exec.world.kernel.random() < missShare) {
    yield* exec.query(queries);
    if (hit) yield* exec.redis('set', 150);
  }
  yield* exec.work(1.2);
}

function* provide(exec: Exec): Process<number> {
  yield* exec.pause(exec.world.kernel.about(25, 0.3));
  return 200;
}

function declinedShare(exec: Exec): number {
  const { nowMs } = exec.world.kernel;
  const wave = exec.world.faults.find(
    ({ to, startMs, endMs }) => to === 'cards' && nowMs >= startMs && nowMs < endMs,
  );
  return wave?.share ?? 0.06;
}

/** Forward through four steps, each asked again while it is not known how it ended. */
function* orderSaga(exec: Exec): Process<number> {
  // It outlives the request: nobody cancels it.
  const steps = [
    ['reserve', 'inventory', 'PUT /internal/v1/reservations/:id'],
    ['authorize', 'payments', 'POST /internal/v1/payments'],
    ['commit', 'inventory', 'POST /internal/v1/reservations/:id/commit'],
    ['capture', 'payments', 'POST /internal/v1/payments/:id/capture'],
  ] as const;
  for (const [step, service, operation] of steps) {
    const status = yield* takeStep(exec, step, { service, operation });
    if (status === 0) return 202;
    if (status >= 400) {
      const undo = '/internal/v1/reservations/:id/release';
      yield* takeStep(exec, 'release', { service: 'inventory', operation: `POST ${undo}` });
      return status;
    }
  }
  publish(exec, 'orders.events', 'order.confirmed');
  return 201;
}

/** 0 when it is given up. */
function* takeStep(
  exec: Exec,
  step: string,
  { service, operation }: { service: string; operation: string },
): Process<number> {
  for (let attempt = 0; attempt < 8; attempt++) {
    const status = yield* exec.inSpan(
      `saga order ${step}`,
      'internal',
      { attributes: { 'saga.step': step } },
      function* body(inner) {
        const reply = yield* inner.call(service, operation, 3_000);
        const known = reply.status >= 200 && reply.status < 500 && reply.status !== 202;
        try {
          yield* inner.query(3);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
        }
        return known ? reply.status : 0;
      },
    );
    if (status !== 0) return status;
    yield* exec.world.kernel.sleep(Math.min(5_000, 250 * 2 ** attempt));
  }
  return 0;
}
