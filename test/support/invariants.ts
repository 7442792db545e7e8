import { isDeepStrictEqual } from 'node:util';
import type { Evidence, Item, OrderFact } from './evidence.ts';
import { isFinal, orderIdOf } from './placements.ts';
import type { EventFact } from './streams.ts';

/** Finds what breaks a rule; each finding is one sentence. Judged at rest, never from replies alone. */
export type Invariant = (evidence: Evidence) => string[];

const paid = new Set(['confirmed']);
const undone = new Set(['failed', 'cancelled', 'refunded']);

/** I1: nothing is lost or made up: what the stock says agrees with the reservations and the orders. */
function stockAddsUp({ stock, reservations, orders }: Evidence): string[] {
  const held = itemsOf(reservations.filter(({ status }) => status === 'reserved'));
  const committed = itemsOf(reservations.filter(({ status }) => status === 'committed'));
  const bought = itemsOf(orders.filter(({ status }) => paid.has(status)));
  return stock.flatMap(({ product_id: id, received, available, reserved, sold }) => {
    const problems: string[] = [];
    const expect = (holds: boolean, problem: string) => void (holds || problems.push(problem));
    expect(available >= 0 && reserved >= 0 && sold >= 0, `a level of ${id} is negative`);
    expect(received === available + reserved + sold, `of ${received} of ${id} some are missing`);
    expect(reserved === (held.get(id) ?? 0), `${reserved} of ${id} are held, not by reservations`);
    expect(sold === (committed.get(id) ?? 0), `${sold} of ${id} are sold, not by reservations`);
    expect(
      sold === (bought.get(id) ?? 0),
      `${sold} of ${id} are sold, ${bought.get(id) ?? 0} paid`,
    );
    return problems;
  });
}

/** I2: every captured payment belongs to one paid order, and the sums agree everywhere. */
function moneyAddsUp({ orders, payments, charges, ledger }: Evidence): string[] {
  const problems: string[] = [];
  const byId = new Map(payments.map((payment) => [payment.id, payment]));
  const orderOf = new Map(orders.map((order) => [order.payment_id, order]));
  for (const { id, total_amount, payment_id } of orders.filter(({ status }) => paid.has(status))) {
    const payment = byId.get(payment_id);
    if (payment?.status !== 'captured') problems.push(`order ${id} is paid, its payment is not`);
    else if (payment.amount !== total_amount) problems.push(`order ${id} paid another amount`);
  }
  for (const { id, order_id } of payments.filter(({ status }) => status === 'captured')) {
    const order = orderOf.get(id);
    if (order?.id !== order_id) problems.push(`payment ${id} is not the one of its order`);
    else if (!paid.has(order.status))
      problems.push(`order ${order.id} is ${order.status} and paid`);
  }
  for (const { reference, effects, status } of charges) {
    const often = Object.entries(effects).filter(([, times]) => times > 1);
    for (const [effect, times] of often) problems.push(`${effect} of ${reference}: ${times} times`);
    const known = byId.get(reference)?.status;
    if (known !== status) problems.push(`charge ${reference} is ${status}, here it is ${known}`);
  }
  const taken = sum(
    charges.filter(({ status }) => status === 'captured').map((c) => c.amount.amount),
  );
  const owed = sum(orders.filter(({ status }) => paid.has(status)).map((o) => o.total_amount));
  const booked = sum(ledger.filter(({ account }) => account === 'sales').map((l) => -l.amount));
  if (taken !== owed) problems.push(`the provider took ${taken}, paid orders come to ${owed}`);
  if (booked !== owed) problems.push(`the ledger says ${booked}, paid orders come to ${owed}`);
  return problems;
}

/** I3: an order that was acknowledged exists; of an attempt without an answer there is one or none. */
function acknowledgedOrdersExist({ orders, placements }: Evidence): string[] {
  const byId = new Map(orders.map((order) => [order.id, order]));
  return placements.flatMap(({ accountId, key, replies }) => {
    const acknowledged = replies.filter(({ status }) => status === 201 || status === 202);
    const problems = acknowledged.flatMap(({ status, body }) => {
      const order = byId.get(orderIdOf(body) ?? '');
      if (order?.account_id === accountId && order.idempotency_key === key) return [];
      return [`${status} for ${key} named order ${orderIdOf(body)}, which is not there`];
    });
    const made = orders.filter((o) => o.account_id === accountId && o.idempotency_key === key);
    return made.length > 1 ? [...problems, `key ${key} made ${made.length} orders`] : problems;
  });
}

/** I4: every order has come to an end. */
function ordersAreSettled({ orders }: Evidence): string[] {
  return orders
    .filter(({ status }) => !paid.has(status) && !undone.has(status))
    .map(({ id, status }) => `order ${id} is still ${status}`);
}

const orderHistories: Readonly<Record<string, readonly string[][]>> = {
  confirmed: [['placed', 'confirmed']],
  failed: [['placed', 'failed']],
  cancelled: [
    ['placed', 'cancelled'],
    ['placed', 'confirmed', 'cancelled'],
  ],
  refunded: [['placed', 'confirmed', 'refunded']],
};

const paymentHistories: Readonly<Record<string, readonly string[][]>> = {
  captured: [['authorized', 'captured']],
  refunded: [['authorized', 'captured', 'refunded']],
  declined: [['declined']],
  voided: [['voided'], ['authorized', 'voided']],
};

/** The events that somebody acts on, by the group that does. */
const applied: Readonly<Record<string, string[]>> = {
  inventory: ['product.created'],
  catalog: ['image.ready', 'image.rejected'],
  notifications: [
    'order.confirmed',
    'order.failed',
    'order.cancelled',
    'order.refunded',
    'account.created',
  ],
};

/** I5: one outbox row for each change of state, each published, each applied once. */
function eventsMatchState(evidence: Evidence): string[] {
  const { orders, payments, stock, outbox, streams, inbox, mails } = evidence;
  const histories = groupBy(outbox, ({ subject }) => subject);
  const told = (id: string) => (histories.get(id) ?? []).map(({ type }) => type.split('.')[1]);
  const check = (thing: string, id: string, allowed: readonly string[][]) =>
    allowed.some((history) => isDeepStrictEqual(history, told(id)))
      ? []
      : [`${thing} ${id} told of ${told(id).join(', ') || 'nothing'}`];
  const published = new Set(streams.map(({ id }) => id));
  const handled = new Set(inbox.map(({ consumer, event_id }) => `${consumer} ${event_id}`));
  const mailed = new Set(mails.map(({ event_id }) => event_id));
  return [
    ...orders.flatMap((o) => check('order', o.id, orderHistories[o.status] ?? [])),
    ...payments.flatMap((p) => check('payment', p.id, paymentHistories[p.status] ?? [])),
    ...stock
      .filter(
        (level) => (histories.get(level.product_id) ?? []).filter(isStock).length !== level.version,
      )
      .map(
        ({ product_id }) => `stock of ${product_id} changed without an event, or once too often`,
      ),
    ...outbox
      .filter(({ id, published: sent }) => !sent || !published.has(id))
      .map(({ type, id }) => `${type} ${id} was never published`),
    ...Object.entries(applied).flatMap(([consumer, types]) =>
      outbox
        .filter(({ id, type }) => types.includes(type) && !handled.has(`${consumer} ${id}`))
        .map(({ id, type }) => `${consumer} never applied ${type} ${id}`),
    ),
    ...outbox
      .filter(({ id, type }) => applied['notifications']?.includes(type) && !mailed.has(id))
      .map(({ id, type }) => `nobody was written to about ${type} ${id}`),
  ];
}

/** I6: events of one thing come in the order of its changes, in outbox and stream. */
function eventsAreInOrder({ outbox, streams }: Evidence): string[] {
  return [
    ...groupBy([...outbox, ...streams], ({ place, subject }) => `${place} ${subject}`),
  ].flatMap(([where, events]) => {
    const kinds = [...groupBy(events, kindOf).values()];
    return kinds.filter((of) => !isIncreasing(firstSeen(of))).map(() => `${where} is out of order`);
  });
}

/** I7: one order for each key, and one reply, whenever it is asked for. */
function keysAreIdempotent({ orders, placements }: Evidence): string[] {
  const byKey = groupBy(orders, (order) => `${order.account_id} ${order.idempotency_key}`);
  const twice = [...byKey].filter(([, made]) => made.length > 1);
  return [
    ...twice.map(([key, made]) => `${made.length} orders for one key: ${key}`),
    ...placements.flatMap(({ key, replies }) => {
      const [first, ...rest] = replies.filter(isFinal);
      const other = rest.find((reply) => !isDeepStrictEqual(reply, first));
      return other
        ? [`key ${key} was answered ${first?.status}, then ${other.status} or otherwise`]
        : [];
    }),
  ];
}

/** I8: an order that is not to be holds neither stock nor money. */
function undoneOrdersHoldNothing({ orders, reservations, payments }: Evidence): string[] {
  const reservationOf = new Map(reservations.map((r) => [r.id, r.status]));
  const paymentOf = new Map(payments.map((p) => [p.id, p.status]));
  return orders.flatMap((order) => {
    if (!undone.has(order.status)) return [];
    return [...stillHeld(order, reservationOf), ...stillOwed(order, paymentOf)];
  });
}

function stillHeld(order: OrderFact, statusOf: ReadonlyMap<string, string>): string[] {
  const status = statusOf.get(order.reservation_id);
  const holds = status === 'reserved' || status === 'committed';
  return holds ? [`order ${order.id} is ${order.status}, its stock is ${status}`] : [];
}

function stillOwed(order: OrderFact, statusOf: ReadonlyMap<string, string>): string[] {
  const status = statusOf.get(order.payment_id);
  const free = status === undefined || ['declined', 'voided', 'refunded'].includes(status);
  return free ? [] : [`order ${order.id} is ${order.status}, its payment is ${status}`];
}

/** I9: nothing waits any more, and nothing had to be set aside. */
function nothingIsLeftBehind({ groups, outbox, dead, mails }: Evidence): string[] {
  const unpublished = outbox.filter(({ published }) => !published).length;
  const queued = mails.filter(({ status }) => status === 'queued' || status === 'failed').length;
  return [
    ...groups
      .filter(({ waiting }) => waiting > 0)
      .map(({ stream, group, waiting }) => `${waiting} entries of ${stream} wait for ${group}`),
    ...(unpublished > 0 ? [`${unpublished} events wait to be published`] : []),
    ...(queued > 0 ? [`${queued} mails were not sent`] : []),
    ...dead.map((entry) => `set aside: ${entry}`),
  ];
}

/** I10: every failure says why: the order itself, and each reply to the client. */
function failuresNameTheirCause({ orders, placements }: Evidence): string[] {
  return [
    ...orders
      .filter(({ status, failure_reason: reason }) => (status === 'failed') !== (reason !== null))
      .map(({ id, status }) => `order ${id} is ${status} without its reason`),
    ...placements.flatMap(({ key, replies }) =>
      replies
        .filter(({ status, body }) => status >= 400 && !isExplained(body))
        .filter(({ status, body }) => !isSidecars(status, body))
        .map(
          ({ status, body }) =>
            `${status} for ${key} does not say why, or in which trace: ${JSON.stringify(body)}`,
        ),
    ),
  ];
}

/** Without its app the gateway's sidecar answers, which has no words, as Linkerd's has none. */
function isSidecars(status: number, body: unknown): boolean {
  const text: unknown = typeof body === 'object' && body ? Reflect.get(body, 'text') : undefined;
  return [502, 503, 504].includes(status) && text === '';
}

function isExplained(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const [trace, detail] = [Reflect.get(body, 'trace_id'), Reflect.get(body, 'detail')];
  return /^[0-9a-f]{32}$/.test(String(trace)) && typeof detail === 'string' && detail !== '';
}

/** I1 to I10; I11 looks at logs, events and spans, and is {@link findSecrets} of secrets.ts. */
export const invariants = {
  'I1 stock adds up': stockAddsUp,
  'I2 money adds up': moneyAddsUp,
  'I3 acknowledged orders exist': acknowledgedOrdersExist,
  'I4 orders are settled': ordersAreSettled,
  'I5 events match state': eventsMatchState,
  'I6 events are in order': eventsAreInOrder,
  'I7 keys are idempotent': keysAreIdempotent,
  'I8 undone orders hold nothing': undoneOrdersHoldNothing,
  'I9 nothing is left behind': nothingIsLeftBehind,
  'I10 failures name their cause': failuresNameTheirCause,
} satisfies Record<string, Invariant>;

/** Everything that is wrong, each with the invariant it breaks. */
export function findViolations(evidence: Evidence): string[] {
  return Object.entries(invariants).flatMap(([name, check]) =>
    check(evidence).map((problem) => `${name}: ${problem}`),
  );
}

function itemsOf(holders: readonly ({ items: Item[] } | { lines: Item[] })[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const holder of holders) {
    for (const { product_id, quantity } of 'items' in holder ? holder.items : holder.lines) {
      totals.set(product_id, (totals.get(product_id) ?? 0) + quantity);
    }
  }
  return totals;
}

function groupBy<T>(things: readonly T[], keyOf: (thing: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const key = keyOf(thing);
    const group = groups.get(key);
    if (group) group.push(thing);
    else groups.set(key, [thing]);
  }
  return groups;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

function kindOf({ type }: EventFact): string {
  return type.split('.')[0] ?? '';
}

function isStock(event: EventFact): boolean {
  return event.type === 'stock.changed';
}

/** Sequences in the order they first came: what is published again comes twice, and may. */
function firstSeen(events: readonly EventFact[]): number[] {
  return [...new Map(events.map(({ id, sequence }) => [id, sequence])).values()];
}

function isIncreasing(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}
