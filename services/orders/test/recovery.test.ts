import { eventually } from '@faultline/chassis/testing/eventually';
import { commitReservation } from '@faultline/contracts/inventory';
import { voidPayment } from '@faultline/contracts/payments';
import { expect } from 'chai';
import { crashPoints, type OrdersCrashPoint } from '../src/saga/crash-points.ts';
import { type Answer, asOrder, draft, type Replica, Shop } from './shop.ts';

/** A way of placing or undoing an order that passes the steps named. */
type Scenario = {
  steps: RegExp;
  body?: object;
  prepare?: (shop: Shop) => void;
  afterwards?: (orders: Replica, placed: Answer) => Promise<unknown>;
  ends: string;
};

const scenarios: readonly Scenario[] = [
  { steps: /^order|saga\.(reserve|authorize|commit|capture)/, ends: 'confirmed' },
  { steps: /saga\.release/, body: draft({ payment: { token: 'tok_declined' } }), ends: 'failed' },
  { steps: /saga\.void/, prepare: expireBeforeCommit, ends: 'failed' },
  {
    steps: /saga\.refund/,
    afterwards: (orders, placed) =>
      orders.request('POST', `${placed.headers.get('location')}/cancel`).catch(String),
    ends: 'cancelled',
  },
];

const LEASE_MS = 150;

describe('an orders process that dies', () => {
  let shop: Shop;
  before(async () => {
    shop = await Shop.open();
  });
  afterEach(() => shop.reset());
  after(() => shop.close());

  for (const point of crashPoints) {
    it(`at ${point} leaves an order that another one brings to its end`, async () => {
      const scenario = scenarioFor(point);
      scenario.prepare?.(shop);
      const passed: string[] = [];
      const dying = await shop.replica({
        ...{ leaseMs: LEASE_MS, placeWaitMs: 30, pollMs: 600_000 },
        crash: dieAt(point, passed),
      });
      const first = await dying.place('k', scenario.body);
      if (scenario.afterwards) {
        await eventually(async () => expect(await shop.statuses()).to.deep.equal(['confirmed']));
        await scenario.afterwards(dying, first);
      }
      const heir = await shop.replica({ leaseMs: LEASE_MS });
      // The client does what it should: it asks again with its key.
      await eventually(async () => {
        const again = await heir.place('k', scenario.body);
        expect(again.status).to.be.oneOf([201, 402, 503]);
      });
      await eventually(() => expect(passed).to.include(point));
      await shop.settled();
      expect(await shop.statuses()).to.deep.equal([scenario.ends]);
      await checkEvents(shop);
    });
  }

  const forward = crashPoints.filter(
    (point) => scenarioFor(point).ends === 'confirmed' && /saga/.test(point),
  );
  for (const [index, second] of forward.slice(1).entries()) {
    const first = forward[index] ?? second;
    it(`at ${first}, whose heir dies at ${second}, loses nothing either`, async () => {
      for (const point of [first, second]) {
        const death = Promise.withResolvers<void>();
        const dying = await shop.replica({
          ...{ leaseMs: LEASE_MS, placeWaitMs: 30 },
          crash: dieAt(point, [], death.resolve),
        });
        await dying.place('k');
        await death.promise;
        await dying.stop();
      }
      await shop.replica({ leaseMs: LEASE_MS });
      await shop.settled();
      expect(await shop.statuses()).to.deep.equal(['confirmed']);
      await checkEvents(shop);
    });
  }

  it('is told apart from one that works: its orders are taken over after the lease, not before', async () => {
    const dying = await shop.replica({
      ...{ leaseMs: 1_500, placeWaitMs: 10, pollMs: 600_000 },
      crash: dieAt('saga.authorize.before-call', []),
    });
    await dying.place('k');
    const heir = await shop.replica();
    const early = await heir.place('k');
    expect(early.body).to.include({ reason: 'request_in_progress' });
    await shop.settled();
    expect((await heir.place('k')).status).to.equal(201);
  });

  it('does not come back from a pause to undo what another one did', async () => {
    const paused = await shop.replica({ leaseMs: 100, placeWaitMs: 10, pollMs: 600_000 });
    const open = shop.neighbours.hold(commitReservation);
    await paused.place('k');
    await eventually(() => expect(shop.neighbours.count(commitReservation)).to.equal(1));
    shop.neighbours.hold(commitReservation)();
    await shop.replica();
    await shop.settled();
    const before = await shop.query('SELECT * FROM sagas');
    open();
    await paused.stop();
    expect(await shop.query('SELECT * FROM sagas')).to.deep.equal(before);
    await shop.settled();
  });

  it('leaves 40 orders at four steps, and three others share the work of bringing them to an end', async () => {
    const points = crashPoints.filter((point) => point.startsWith('saga.'));
    const product_id = [...shop.neighbours.stock.levels.keys()][0];
    for (let i = 0; i < 4; i++) {
      const dying = await shop.replica({
        ...{ leaseMs: LEASE_MS, placeWaitMs: 10, pollMs: 600_000 },
        crash: (point) => {
          if (point === points[i * 3 + 1]) throw new Error(`killed at ${point}`);
        },
      });
      const one = draft({ items: [{ product_id, quantity: 1 }] });
      await Promise.all(Array.from({ length: 10 }, (_, k) => dying.place(`${i}-${k}`, one)));
      await dying.stop();
    }
    for (let i = 0; i < 3; i++) await shop.replica({ leaseMs: LEASE_MS, concurrency: 2 });
    await shop.settled();
    const statuses = await shop.statuses();
    expect(statuses).to.have.length(40);
    expect(statuses.filter((status) => status === 'confirmed')).to.have.length(10);
  });

  it('leaves a saga alone whose state only a newer version knows', async () => {
    const orders = await shop.replica({ placeWaitMs: 10 });
    const placed = await orders.place('k');
    await shop.settled();
    const state = { phase: 'forward', step: 'gift_wrap' };
    await shop.query('UPDATE sagas SET state = $1, next_attempt_at = now()', [state]);
    await eventually(async () => {
      const [row] = await shop.query(
        "SELECT state, next_attempt_at > now() + interval '50 s' AS parked FROM sagas",
      );
      expect(row).to.deep.equal({ state, parked: true });
    });
    const now = await orders.request('GET', String(placed.headers.get('location')));
    expect(asOrder(now).status).to.equal('confirmed');
  });
});

function scenarioFor(point: OrdersCrashPoint): Scenario {
  const scenario = scenarios.find(({ steps }) => steps.test(point));
  if (!scenario) throw new Error(`no scenario passes ${point}`);
  return scenario;
}

/** From the point on, this process does nothing any more: each point it reaches throws. */
function dieAt(
  target: OrdersCrashPoint,
  passed: string[],
  died: () => void = () => undefined,
): (point: OrdersCrashPoint) => void {
  let dead = false;
  return (point) => {
    passed.push(point);
    dead ||= point === target;
    if (!dead) return;
    died();
    throw new Error(`killed at ${point}`);
  };
}

function expireBeforeCommit(shop: Shop): void {
  const { stock } = shop.neighbours;
  const { commit } = stock;
  stock.commit = (id) => {
    stock.expire(id);
    return commit.call(stock, id);
  };
  // The void is made to matter: its first answer is lost.
  shop.neighbours.fail(voidPayment, 'reply-lost');
}

/** Each change of state is told once, in order. */
async function checkEvents(shop: Shop): Promise<void> {
  const events = await shop.events();
  const sequences = events.map(({ sequence }) => sequence);
  expect(sequences).to.deep.equal(sequences.toSorted((a, b) => a - b));
  expect(new Set(events.map(({ type }) => type))).to.have.property('size', events.length);
  expect(events[0]?.type).to.equal('order.placed');
}
