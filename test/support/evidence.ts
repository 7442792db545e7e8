import type { Redis } from 'ioredis';
import type { Databases } from './databases.ts';
import { type Charge, readCharges } from './provider.ts';
import type { Placement } from './placements.ts';
import {
  type EventFact,
  type GroupFact,
  readDead,
  readGroups,
  readStream,
  streamNames,
} from './streams.ts';
import type { System } from './system.ts';

export type Item = { product_id: string; quantity: number };

export type OrderFact = {
  id: string;
  account_id: string;
  status: string;
  failure_reason: string | null;
  lines: Item[];
  total_amount: number;
  currency: string;
  sequence: number;
  reservation_id: string;
  payment_id: string;
  idempotency_key: string;
};

export type StockFact = {
  product_id: string;
  received: number;
  available: number;
  reserved: number;
  sold: number;
  version: number;
};

export type ReservationFact = { id: string; status: string; items: Item[] };

export type PaymentFact = {
  id: string;
  order_id: string;
  status: string;
  amount: number;
  currency: string;
};

export type LedgerFact = { payment_id: string; kind: string; account: string; amount: number };

/** Everything the shop's rules can be judged by, read from the stores and the provider at rest. */
export type Evidence = {
  orders: OrderFact[];
  stock: StockFact[];
  reservations: ReservationFact[];
  payments: PaymentFact[];
  ledger: LedgerFact[];
  charges: Charge[];
  outbox: (EventFact & { published: boolean })[];
  streams: EventFact[];
  /** Entries that were moved aside, with the reason. */
  dead: string[];
  groups: GroupFact[];
  inbox: { consumer: string; event_id: string }[];
  mails: { event_id: string; status: string }[];
  /** What clients were told, whatever became of it. */
  placements: readonly Placement[];
};

export async function collectEvidence(
  system: System,
  placements: readonly Placement[],
): Promise<Evidence> {
  const { databases: db, redis } = system;
  const [orders, stock, reservations, payments, ledger, charges, messages] = await Promise.all([
    readOrders(db),
    db.query<StockFact>(
      'inventory',
      'SELECT product_id, received, available, reserved, sold, version FROM stock',
    ),
    db.query<ReservationFact>('inventory', 'SELECT id, status, items FROM reservations'),
    db.query<PaymentFact>(
      'payments',
      'SELECT id, order_id, status, amount::float8 AS amount, currency FROM payments',
    ),
    db.query<LedgerFact>(
      'payments',
      'SELECT payment_id, kind, account, amount::float8 AS amount FROM ledger_entries',
    ),
    readCharges(system),
    readMessages(db, redis),
  ]);
  return { orders, stock, reservations, payments, ledger, charges, ...messages, placements };
}

function readOrders(db: Databases): Promise<OrderFact[]> {
  return db.query<OrderFact>(
    'orders',
    `SELECT o.id, account_id, status, failure_reason, lines, total_amount, currency, o.sequence,
            reservation_id, payment_id, idempotency_key
     FROM orders o LEFT JOIN sagas s ON s.order_id = o.id`,
  );
}

async function readMessages(db: Databases, redis: Redis) {
  const outboxes = await db.having('outbox');
  const outbox = await Promise.all(outboxes.map((place) => readOutbox(db, place)));
  const inbox = await Promise.all(
    (await db.having('inbox')).map((place) =>
      db.query<Evidence['inbox'][number]>(place, 'SELECT consumer, event_id FROM inbox'),
    ),
  );
  const mails = await db.query<Evidence['mails'][number]>(
    'notifications',
    'SELECT event_id, status FROM mails',
  );
  const { live, dead } = await streamNames(redis);
  const [streams, letters, groups] = await Promise.all([
    Promise.all(live.map((name) => readStream(redis, name))),
    Promise.all(dead.map((name) => readDead(redis, name))),
    Promise.all(live.map((name) => readGroups(redis, name))),
  ]);
  return {
    outbox: outbox.flat(),
    inbox: inbox.flat(),
    mails,
    streams: streams.flat(),
    dead: letters.flat(),
    groups: groups.flat(),
  };
}

function readOutbox(db: Databases, place: string): Promise<Evidence['outbox']> {
  return db.query(
    place,
    `SELECT $1::text AS place, event_id AS id, event->>'type' AS type, event->>'subject' AS subject,
            (event->>'sequence')::int AS sequence, published_at IS NOT NULL AS published
     FROM outbox ORDER BY seq`,
    [place],
  );
}
