import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import type { Outcome } from '../src/provider/port.ts';
import { newId, type Payments, price, startPayments } from './harness.ts';

describe('authorising a payment', () => {
  let payments: Payments;
  before(async () => void (payments = await startPayments()));
  after(() => payments.close());

  it('holds the amount at the provider, announces it, moves no money', async () => {
    const id = newId();
    const reply = await payments.authorize(id);
    expect(reply.status).to.equal(201);
    expect(reply.body).to.deep.include({ id, status: 'authorized', amount: price });
    expect(payments.effects(id)).to.include({ authorize: 1, capture: 0 });
    expect(await payments.events(id)).to.deep.equal(['authorized']);
    expect(await payments.ledger(id)).to.deep.equal([]);
  });

  for (const [token, reason] of [
    ['tok_declined', 'card_declined'],
    ['tok_insufficient_funds', 'insufficient_funds'],
    ['tok_nobody_knows', 'unknown_card'],
  ] as const) {
    it(`says why it was declined: ${token}`, async () => {
      const id = newId();
      const reply = await payments.authorize(id, token);
      expect(reply.status).to.equal(402);
      expect(reply.body).to.include({ status: 'declined', decline_reason: reason });
      expect(await payments.events(id)).to.deep.equal(['declined']);
    });
  }

  it('forgets the token as soon as the outcome is known', async () => {
    const id = await payments.authorized();
    const { rows } = await payments.database.pool.query<Record<string, unknown>>(
      'SELECT * FROM payments WHERE id = $1',
      [id],
    );
    expect(rows[0]).to.include({ status: 'authorized', token: null });
    expect(JSON.stringify(rows)).not.to.include('tok_ok');
  });

  it('gives the first reply again for the same key, whatever became of the payment', async () => {
    const id = newId();
    const first = await payments.authorize(id);
    await payments.capture(id);
    const again = await payments.authorize(id);
    expect([again.status, again.body]).to.deep.equal([first.status, first.body]);
    expect(payments.effects(id)).to.include({ authorize: 1 });

    const declined = newId();
    const refusal = await payments.authorize(declined, 'tok_declined');
    expect((await payments.authorize(declined, 'tok_declined')).body).to.deep.equal(refusal.body);
  });

  it('refuses a key that was used with another body', async () => {
    const id = newId();
    await payments.authorize(id, 'tok_ok', 'one-key');
    const reply = await payments.authorize(newId(), 'tok_ok', 'one-key');
    expect(reply.status).to.equal(422);
    expect(reply.body).to.include({ reason: 'idempotency_key_reused' });
  });

  it('refuses a payment that was asked for under another key', async () => {
    const id = await payments.authorized();
    const reply = await payments.authorize(id, 'tok_ok', 'another-key');
    expect(reply.status).to.equal(409);
    expect(reply.body).to.include({ reason: 'payment_exists' });
  });

  it('has one effect for 100 requests at once with one key', async () => {
    const id = newId();
    const replies = await Promise.all(Array.from({ length: 100 }, () => payments.authorize(id)));
    const settled = replies.filter((reply) => reply.status === 201);
    const waiting = replies.filter((reply) => reply.status === 409);
    expect(settled.length).to.be.at.least(1);
    expect(settled.length + waiting.length).to.equal(100);
    expect(new Set(settled.map((reply) => JSON.stringify(reply.body))).size).to.equal(1);
    for (const { body, headers } of waiting) {
      expect(body).to.include({ reason: 'request_in_progress', retryable: true });
      expect(headers).to.include({ 'retry-after': '1' });
    }
    expect(payments.effects(id)).to.include({ authorize: 1 });
    expect(await payments.events(id)).to.deep.equal(['authorized']);
  });

  it('answers a second request at once while the first one waits for the provider', async () => {
    const { deps } = payments;
    const { provider, timing } = deps;
    const answer = Promise.withResolvers<Outcome>();
    deps.provider = { ...provider, authorize: () => answer.promise };
    deps.timing = { ...timing, leaseMs: 60_000 };
    const id = newId();
    const first = payments.authorize(id);
    try {
      await eventually(async () => expect(await payments.status(id)).to.equal('authorizing'));
      expect((await payments.authorize(id)).status).to.equal(409);
    } finally {
      answer.resolve({ kind: 'unknown' });
      Object.assign(deps, { provider, timing });
    }
    expect((await first).status).to.equal(202);
  });

  for (const [name, key] of [
    ['missing', undefined],
    ['empty', ''],
    ['10 KB long', 'k'.repeat(10_000)],
    ['not ASCII', '\u00e9'],
  ] as const) {
    it(`is a 400 when the Idempotency-Key is ${name}`, async () => {
      const id = newId();
      const response = await fetch(`${payments.url}/internal/v1/payments`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        body: JSON.stringify({ payment_id: id, order_id: id, amount: price, token: 'tok_ok' }),
      });
      expect(response.status).to.equal(400);
      expect(response.headers.get('content-type')).to.include('application/problem+json');
      expect(await payments.status(id)).to.equal(undefined);
    });
  }

  it('refuses what is not a token: card data never gets in', async () => {
    const id = newId();
    const response = await fetch(`${payments.url}/internal/v1/payments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': id },
      body: JSON.stringify({
        payment_id: id,
        order_id: id,
        amount: price,
        token: '4242424242424242',
      }),
    });
    expect(response.status).to.equal(400);
    expect(await response.text()).not.to.include('4242');
  });
});
