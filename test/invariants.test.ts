import { expect } from 'chai';
import type { Evidence } from './support/evidence.ts';
import { findViolations, type invariants } from './support/invariants.ts';

const ids = { order: 'o1', reservation: 'r1', payment: 'p1', product: 'x', account: 'a1' };
const items = [{ product_id: ids.product, quantity: 2 }];
const reply = { status: 201, body: { id: ids.order } };

/** One order, bought and paid, and everything that goes with it. */
function wholeShop(): Evidence {
  const event = (place: string, type: string, [subject, sequence]: [string, number]) => ({
    place,
    id: `${type} ${sequence}`,
    type,
    subject,
    sequence,
    published: true,
  });
  const outbox = [
    event('orders', 'order.placed', [ids.order, 1]),
    event('orders', 'order.confirmed', [ids.order, 2]),
    event('payments', 'payment.authorized', [ids.payment, 1]),
    event('payments', 'payment.captured', [ids.payment, 2]),
    event('inventory', 'stock.changed', [ids.product, 1]),
    event('inventory', 'stock.changed', [ids.product, 2]),
  ];
  const money = { amount: 500, currency: 'EUR' };
  return {
    orders: [
      {
        id: ids.order,
        account_id: ids.account,
        status: 'confirmed',
        failure_reason: null,
        lines: items,
        total_amount: 500,
        currency: 'EUR',
        sequence: 2,
        reservation_id: ids.reservation,
        payment_id: ids.payment,
        idempotency_key: 'k1',
      },
    ],
    stock: [
      { product_id: ids.product, received: 5, available: 3, reserved: 0, sold: 2, version: 2 },
    ],
    reservations: [{ id: ids.reservation, status: 'committed', items }],
    payments: [{ id: ids.payment, order_id: ids.order, status: 'captured', ...money }],
    ledger: [
      { payment_id: ids.payment, kind: 'capture', account: 'sales', amount: -500 },
      { payment_id: ids.payment, kind: 'capture', account: 'provider_receivable', amount: 500 },
    ],
    charges: [
      {
        reference: ids.payment,
        amount: money,
        status: 'captured',
        effects: { authorize: 1, capture: 1, void: 0, refund: 0 },
      },
    ],
    outbox,
    streams: outbox.map(({ published: _, ...fact }) => ({
      ...fact,
      place: `${fact.place}.events`,
    })),
    dead: [],
    groups: [{ stream: 'orders.events', group: 'notifications', waiting: 0 }],
    inbox: [{ consumer: 'notifications', event_id: 'order.confirmed 2' }],
    mails: [{ event_id: 'order.confirmed 2', status: 'kept' }],
    placements: [{ accountId: ids.account, key: 'k1', replies: [reply, reply] }],
  };
}

type Damage = [invariant: keyof typeof invariants, what: string, harm: (e: Evidence) => unknown];

const damages: Damage[] = [
  ['I1 stock adds up', 'a level below zero', ({ stock: [s] }) => s && (s.available = -1)],
  ['I1 stock adds up', 'a piece lost', ({ stock: [s] }) => s && (s.received = 6)],
  [
    'I1 stock adds up',
    'a piece held for nobody',
    ({ stock: [s] }) => {
      if (s) [s.available, s.reserved] = [2, 1];
    },
  ],
  ['I1 stock adds up', 'a sale without an order', ({ orders: [o] }) => o && (o.status = 'failed')],
  ['I2 money adds up', 'a paid order without money', (e) => (e.payments = [])],
  ['I2 money adds up', 'money of a failed order', ({ orders: [o] }) => o && (o.status = 'failed')],
  ['I2 money adds up', 'another amount', ({ payments: [p] }) => p && (p.amount = 499)],
  ['I2 money adds up', 'a second capture', ({ charges: [c] }) => c && (c.effects.capture = 2)],
  [
    'I2 money adds up',
    'a provider that disagrees',
    ({ charges: [c] }) => c && (c.status = 'voided'),
  ],
  ['I2 money adds up', 'an unbooked sale', (e) => (e.ledger = [])],
  ['I3 acknowledged orders exist', 'an order forgotten', (e) => (e.orders = [])],
  ['I3 acknowledged orders exist', 'a key used twice', (e) => e.orders.push(...e.orders)],
  ['I4 orders are settled', 'an order under way', ({ orders: [o] }) => o && (o.status = 'pending')],
  ['I5 events match state', 'an event too few', (e) => e.outbox.splice(1, 1)],
  ['I5 events match state', 'an event too many', (e) => e.outbox.push(...e.outbox.slice(5))],
  ['I5 events match state', 'an event unpublished', (e) => e.streams.splice(0, 1)],
  ['I5 events match state', 'an event nobody applied', (e) => (e.inbox = [])],
  ['I5 events match state', 'a mail never written', (e) => (e.mails = [])],
  ['I6 events are in order', 'a stream out of order', (e) => (e.streams = e.streams.toReversed())],
  [
    'I7 keys are idempotent',
    'two answers',
    ({ placements: [p] }) => p?.replies.push({ status: 201, body: { id: 'o2' } }),
  ],
  ['I7 keys are idempotent', 'two orders', (e) => e.orders.push(...e.orders)],
  [
    'I8 undone orders hold nothing',
    'stock kept',
    ({ orders: [o] }) => o && (o.status = 'cancelled'),
  ],
  [
    'I8 undone orders hold nothing',
    'an authorisation kept',
    (e) => {
      for (const o of e.orders) o.status = 'cancelled';
      for (const p of e.payments) p.status = 'authorized';
      e.reservations = [];
    },
  ],
  ['I9 nothing is left behind', 'an entry unread', ({ groups: [g] }) => g && (g.waiting = 1)],
  ['I9 nothing is left behind', 'an event unsent', ({ outbox: [o] }) => o && (o.published = false)],
  ['I9 nothing is left behind', 'an event set aside', (e) => e.dead.push('orders.events.dead')],
  [
    'I10 failures name their cause',
    'a failure without a reason',
    ({ orders: [o] }) => o && (o.status = 'failed'),
  ],
  [
    'I10 failures name their cause',
    'an error without a trace',
    ({ placements: [p] }) => p?.replies.push({ status: 503, body: { detail: 'Away.' } }),
  ],
];

describe('the invariants', () => {
  it('hold for a shop that is whole', () => {
    expect(findViolations(wholeShop())).to.deep.equal([]);
  });

  for (const [invariant, what, harm] of damages) {
    it(`${invariant}: finds ${what}`, () => {
      const evidence = wholeShop();
      harm(evidence);
      expect(findViolations(evidence).join('\n')).to.include(`${invariant}: `);
    });
  }

  it('let an event be published twice, as a relay may', () => {
    const evidence = wholeShop();
    evidence.streams.push(...evidence.streams.slice(0, 1));
    expect(findViolations(evidence)).to.deep.equal([]);
  });
});
