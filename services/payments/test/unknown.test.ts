import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import type { PaymentsDeps } from '../src/deps.ts';
import { resolveDue } from '../src/processor.ts';
import { newId, type Payments, providerAt, startPayments } from './harness.ts';

/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9';

describe('a provider that does not answer', () => {
  let payments: Payments;
  let deps: PaymentsDeps;
  let working: PaymentsDeps['provider'];
  before(async () => {
    payments = await startPayments();
    deps = payments.deps;
    working = deps.provider;
  });
  afterEach(() => {
    deps.provider = working;
    delete deps.crash;
  });
  after(() => payments.close());

  it('after it captured: the capture is unknown, then found, and happened once', async () => {
    const id = await payments.authorized('tok_timeout_after_capture');
    const reply = await payments.capture(id);
    expect(reply.status).to.equal(202);
    expect(reply.body).to.include({ status: 'capturing' });
    await payments.resolvedTo(id, 'captured');
    expect(payments.effects(id)).to.include({ capture: 1 });
    expect(await payments.events(id)).to.deep.equal(['authorized', 'captured']);
    expect(await payments.ledger(id)).to.have.length(2);
  });

  it('after it captured: whoever asks next learns the truth without waiting for a resolver', async () => {
    const id = await payments.authorized('tok_timeout_after_capture');
    await payments.capture(id);
    expect((await payments.capture(id)).body).to.include({ status: 'captured' });
    const other = await payments.authorized('tok_timeout_after_capture');
    await payments.capture(other);
    expect((await payments.read(other)).body).to.include({ status: 'captured' });
    const refunded = await payments.authorized('tok_timeout_after_capture');
    await payments.capture(refunded);
    expect((await payments.refund(refunded)).body).to.include({ status: 'refunded' });
  });

  it('after it authorised: 202, then the same key gets the 201', async () => {
    const id = newId();
    const first = await payments.authorize(id, 'tok_timeout_on_authorize');
    expect(first.status).to.equal(202);
    expect(first.body).to.include({ status: 'authorizing' });
    expect((await payments.authorize(id, 'tok_timeout_on_authorize')).status).to.equal(201);
    expect(payments.effects(id)).to.include({ authorize: 1 });
    expect(await payments.events(id)).to.deep.equal(['authorized']);
  });

  it('but fails once without effect: asked again, it authorises once', async () => {
    const id = newId();
    expect((await payments.authorize(id, 'tok_error_once')).status).to.equal(202);
    await payments.resolvedTo(id, 'authorized');
    expect(payments.effects(id)).to.include({ authorize: 1 });
    expect((await payments.authorize(id, 'tok_error_once')).status).to.equal(201);
  });

  it('because it is down: authorisations wait, and are settled when it is back', async () => {
    deps.provider = providerAt(nowhere);
    const [id, declined] = [newId(), newId()];
    expect((await payments.authorize(id)).status).to.equal(202);
    expect((await payments.authorize(declined, 'tok_declined')).status).to.equal(202);
    await resolveDue(deps);
    expect((await payments.read(id)).body).to.include({ status: 'authorizing' });
    expect((await payments.capture(id)).body).to.include({
      reason: 'payment_authorizing',
      retryable: true,
    });
    deps.provider = working;
    await payments.resolvedTo(id, 'authorized');
    await payments.resolvedTo(declined, 'declined');
    expect((await payments.authorize(declined, 'tok_declined')).status).to.equal(402);
  });

  it('because it is down: captures, voids and refunds wait, too', async () => {
    const [capture, release, refund] = [
      await payments.authorized(),
      await payments.authorized(),
      await payments.authorized(),
    ];
    await payments.capture(refund);
    await payments.resolvedTo(refund, 'captured');
    deps.provider = providerAt(nowhere);
    const replies = [
      await payments.capture(capture),
      await payments.void(release),
      await payments.refund(refund),
    ];
    expect(replies.map((reply) => reply.status)).to.deep.equal([202, 202, 202]);
    deps.provider = working;
    await payments.resolvedTo(capture, 'captured');
    await payments.resolvedTo(release, 'voided');
    await payments.resolvedTo(refund, 'refunded');
    expect(payments.effects(release)).to.include({ capture: 0, void: 1 });
  });

  it('is asked less and less often about one payment', async () => {
    deps.provider = providerAt(nowhere);
    const id = newId();
    await payments.authorize(id);
    let asked = 0;
    deps.provider = { ...deps.provider, find: async () => (asked++, { kind: 'unknown' }) };
    await eventually(async () => {
      await resolveDue(deps);
      const { rows } = await payments.database.pool.query<{ attempts: number; pause: number }>(
        `SELECT attempts, extract(milliseconds FROM check_at - now())::int AS pause
         FROM payments WHERE id = $1`,
        [id],
      );
      expect(rows[0]?.attempts).to.be.at.least(4);
      expect(rows[0]?.pause).to.be.within(1, deps.timing.retryMsMax);
    });
    expect(asked).to.be.at.least(4);
    deps.provider = working;
    await payments.resolvedTo(id, 'authorized');
  });

  it('before a void: an authorisation that took effect is voided there', async () => {
    const id = newId();
    await payments.authorize(id, 'tok_timeout_on_authorize');
    expect((await payments.void(id)).body).to.include({ status: 'voided' });
    expect(payments.effects(id)).to.include({ authorize: 1, void: 1 });
    const late = await payments.authorize(id, 'tok_timeout_on_authorize');
    expect(late.body).to.include({ reason: 'payment_voided' });
    expect(await payments.events(id)).to.deep.equal(['voided']);
  });

  it('before a void: an authorisation that arrives there later is voided then', async () => {
    const id = newId();
    expect((await payments.authorize(id, 'tok_slow')).status).to.equal(202);
    expect((await payments.void(id)).body).to.include({ status: 'voided' });
    expect(payments.effects(id)?.authorize ?? 0).to.equal(0);
    await eventually(async () => {
      await resolveDue(deps);
      expect(payments.effects(id)).to.include({ authorize: 1, void: 1 });
    });
    expect(await payments.events(id)).to.deep.equal(['voided']);
  });

  it('before a void: an approval that comes in after the void lets go of the charge', async () => {
    const id = newId();
    const { authorize } = working;
    deps.provider = {
      ...working,
      async authorize(request) {
        // The void overtakes the authorisation, by so much that nobody watches for it any more.
        await payments.void(id);
        await payments.database.pool.query(
          'UPDATE payments SET check_at = NULL, watch_until = NULL WHERE id = $1',
          [id],
        );
        return authorize(request);
      },
    };
    const reply = await payments.authorize(id);
    expect(reply.body).to.include({ reason: 'payment_voided' });
    await eventually(async () => {
      await resolveDue(deps);
      expect(payments.effects(id)).to.include({ authorize: 1, void: 1 });
    });
    expect((await payments.read(id)).body).to.include({ status: 'voided' });
  });

  it('is not asked for ever about what was voided and never authorised', async () => {
    const id = newId();
    deps.provider = providerAt(nowhere);
    await payments.authorize(id);
    deps.provider = working;
    await payments.void(id);
    await payments.database.pool.query('UPDATE payments SET watch_until = now() WHERE id = $1', [
      id,
    ]);
    await eventually(async () => {
      await resolveDue(deps);
      const { rows } = await payments.database.pool.query(
        'SELECT FROM payments WHERE id = $1 AND check_at IS NULL',
        [id],
      );
      expect(rows).to.have.length(1);
    });
  });

  it('holds no database connection while it is waited for', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => payments.authorized()));
    const answer = Promise.withResolvers<{ kind: 'unknown' }>();
    let waiting = 0;
    deps.provider = { ...working, capture: async () => (waiting++, answer.promise) };
    const captures = Promise.all(ids.map((id) => payments.capture(id)));
    try {
      const { pool } = payments.database;
      await eventually(() => {
        expect({ waiting, used: pool.totalCount - pool.idleCount }).to.deep.equal({
          waiting: 12,
          used: 0,
        });
      });
    } finally {
      answer.resolve({ kind: 'unknown' });
      await captures;
    }
    deps.provider = working;
    for (const id of ids) await payments.resolvedTo(id, 'captured');
  });

  const journeys = {
    authorize: {
      from: () => newId(),
      to: 'authorized',
      call: (id: string) => payments.authorize(id),
    },
    capture: {
      from: () => payments.authorized(),
      to: 'captured',
      call: (id: string) => payments.capture(id),
    },
    void: {
      from: () => payments.authorized(),
      to: 'voided',
      call: (id: string) => payments.void(id),
    },
    refund: { from: () => captured(), to: 'refunded', call: (id: string) => payments.refund(id) },
  } as const;

  async function captured(): Promise<string> {
    const id = await payments.authorized();
    await payments.capture(id);
    return id;
  }

  for (const [operation, { from, to, call }] of Object.entries(journeys)) {
    for (const point of ['before-provider', 'after-provider', 'after-commit']) {
      it(`is asked again after a crash at payments.${operation}.${point}, one effect in all`, async () => {
        const id = await from();
        deps.crash = (name) => {
          if (name === `payments.${operation}.${point}`) throw new Error('power loss');
        };
        const lost: unknown = await call(id).catch((error: unknown) => error);
        expect(lost).to.have.property('failure', 'failed');
        delete deps.crash;
        await payments.resolvedTo(id, to);
        expect(payments.effects(id)).to.have.property(operation, 1);
        expect((await payments.events(id)).filter((event) => event === to)).to.have.length(1);
      });
    }
  }
});
