import type Router from '@koa/router';
import type { Clock } from '@faultline/chassis/clock';
import { mount } from '@faultline/chassis/endpoint';
import type { HttpClient } from '@faultline/chassis/http-client';
import type { Logger } from '@faultline/chassis/log';
import type { Outbox } from '@faultline/chassis/outbox';
import type { Postgres } from '@faultline/chassis/postgres';
import * as orders from '@faultline/contracts/orders';
import type { Client } from 'pg';
import { OrderChanges } from './changes.ts';
import type { IdempotencyMetrics, OrdersDeps } from './deps.ts';
import { adminGetOrderHandler, getOrderHandler } from './routes/get-order.ts';
import { adminListOrdersHandler, listOrdersHandler } from './routes/list-orders.ts';
import { placeOrderHandler } from './routes/place-order.ts';
import { adminRefundOrderHandler, cancelOrderHandler } from './routes/undo-order.ts';
import { watchOrderHandler } from './routes/watch-order.ts';
import { type Backoff, defaultBackoff } from './saga/backoff.ts';
import type { OrdersCrashPoint } from './saga/crash-points.ts';
import { type SagaMetrics, SagaRunner } from './saga/runner.ts';
import { SagaStore } from './saga/store.ts';

/** What the orders service is made from. Durations are milliseconds. */
export type OrdersOptions = {
  postgres: Postgres;
  outbox: Pick<Outbox, 'append' | 'nudge'>;
  clock: Clock;
  log: Logger;
  /** 0 to 1, for jitter. */
  random: () => number;
  catalog: HttpClient;
  inventory: HttpClient;
  payments: HttpClient;
  /** A connection to the same database, for listening. */
  createClient: () => Client;
  metrics: { saga: SagaMetrics; idempotency: IdempotencyMetrics };
  owner: string;
  crash?: ((point: OrdersCrashPoint) => void) | undefined;
  callTimeoutMs: number;
  placeWaitMs: number;
  giveUpMs: number;
  leaseMs: number;
  concurrency: number;
  pollMs?: number;
  backoff?: Backoff;
  streamsMax?: number;
};

export type Orders = OrdersDeps & {
  /** Carries sagas on and watches for changes until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
};

const POLL_MS = 500;
const STREAMS_MAX = 500;

export function createOrders(options: OrdersOptions): Orders {
  const { postgres, clock, log, inventory, payments, crash } = options;
  const draining = new AbortController();
  const { createClient } = options;
  const changes = new OrderChanges({ clock, log, db: postgres.pool, createClient });
  const sagas = new SagaStore({
    ...options,
    backoff: options.backoff ?? defaultBackoff,
    changed: (orderId) => changes.changed(orderId),
  });
  const runner = new SagaRunner({
    ...{ clock, log, crash, store: sagas, neighbours: { inventory, payments } },
    metrics: options.metrics.saga,
    concurrency: options.concurrency,
    callTimeoutMs: options.callTimeoutMs,
    pollMs: options.pollMs ?? POLL_MS,
  });
  return {
    ...options,
    ...{ sagas, runner, changes, draining: draining.signal },
    metrics: options.metrics.idempotency,
    streamsMax: options.streamsMax ?? STREAMS_MAX,
    async run(signal) {
      signal.addEventListener('abort', () => draining.abort());
      await Promise.all([runner.run(signal), changes.run(signal)]);
    },
  };
}

export function mountOrders(router: Router, deps: OrdersDeps): void {
  mount(router, orders.placeOrder, placeOrderHandler(deps));
  mount(router, orders.listOrders, listOrdersHandler(deps));
  mount(router, orders.getOrder, getOrderHandler(deps));
  mount(router, orders.cancelOrder, cancelOrderHandler(deps));
  mount(router, orders.watchOrder, watchOrderHandler(deps));
  mount(router, orders.adminListOrders, adminListOrdersHandler(deps));
  mount(router, orders.adminGetOrder, adminGetOrderHandler(deps));
  mount(router, orders.adminRefundOrder, adminRefundOrderHandler(deps));
}
