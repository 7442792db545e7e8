import { expect } from 'chai';
import { newId, type Payments, startPayments } from './harness.ts';

const taken = ['capture provider_receivable 4999', 'capture sales -4999'];
const given = ['refund provider_receivable -4999', 'refund sales 4999'];

describe('capturing, voiding and refunding', () => {
  let payments: Payments;
  before(async () => void (payments = await startPayments()));
  after(() => payments.close());

  it('captures once, however often and however concurrently it is asked', async () => {
    const id = await payments.authorized();
    const replies = await Promise.all(Array.from({ length: 20 }, () => payments.capture(id)));
    for (const { status, body } of replies) {
      expect([200, 202]).to.include(status);
      expect(['captured', 'capturing']).to.include('status' in body ? body.status : '');
    }
    expect((await payments.capture(id)).body).to.include({ status: 'captured' });
    expect(payments.effects(id)).to.include({ capture: 1 });
    expect(await payments.ledger(id)).to.deep.equal(taken);
    expect(await payments.events(id)).to.deep.equal(['authorized', 'captured']);
  });

  it('refunds once, reversing the ledger', async () => {
    const id = await payments.authorized();
    await payments.capture(id);
    const replies = [await payments.refund(id), await payments.refund(id)];
    for (const reply of replies) {
      expect(reply.status).to.equal(200);
      expect(reply.body).to.include({ status: 'refunded' });
    }
    expect(payments.effects(id)).to.include({ refund: 1 });
    expect(await payments.ledger(id)).to.deep.equal([...taken, ...given]);
    expect(await payments.events(id)).to.deep.equal(['authorized', 'captured', 'refunded']);
  });

  it('voids once and leaves no trace in the ledger', async () => {
    const id = await payments.authorized();
    const replies = await Promise.all(Array.from({ length: 10 }, () => payments.void(id)));
    expect(replies.every(({ status }) => status === 200 || status === 202)).to.equal(true);
    expect((await payments.void(id)).body).to.include({ status: 'voided' });
    expect(payments.effects(id)).to.include({ void: 1, capture: 0 });
    expect(await payments.ledger(id)).to.deep.equal([]);
    expect(await payments.events(id)).to.deep.equal(['authorized', 'voided']);
  });

  it('has nothing to void of a declined payment', async () => {
    const id = newId();
    await payments.authorize(id, 'tok_declined');
    const reply = await payments.void(id);
    expect([reply.status, 'status' in reply.body && reply.body.status]).to.deep.equal([
      200,
      'declined',
    ]);
  });

  it('either captures or voids when both are asked for at once, never both', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await payments.authorized();
      await Promise.all([payments.capture(id), payments.void(id)]);
      const { body } = await payments.read(id);
      const effects = payments.effects(id);
      expect((effects?.capture ?? 0) + (effects?.void ?? 0)).to.equal(1);
      expect(body).to.include({ status: effects?.capture ? 'captured' : 'voided' });
    }
  });

  it('refuses what the state does not allow, saying which state', async () => {
    const captured = await payments.authorized();
    await payments.capture(captured);
    expect((await payments.void(captured)).body).to.include({ reason: 'payment_captured' });

    const voided = await payments.authorized();
    await payments.void(voided);
    expect((await payments.capture(voided)).body).to.include({
      status: 409,
      reason: 'payment_voided',
      retryable: false,
    });
    const authorized = await payments.authorized();
    expect((await payments.refund(authorized)).body).to.include({ reason: 'payment_authorized' });
  });

  it('stays authorised, and can be voided, when the provider refuses the capture', async () => {
    const id = await payments.authorized('tok_capture_declined');
    const reply = await payments.capture(id);
    expect(reply.status).to.equal(409);
    expect(reply.body).to.include({
      reason: 'refused_by_provider',
      payment_status: 'authorized',
      decline_reason: 'authorization_expired',
    });
    expect(await payments.ledger(id)).to.deep.equal([]);
    expect((await payments.void(id)).body).to.include({ status: 'voided' });
    expect(await payments.events(id)).to.deep.equal(['authorized', 'voided']);
  });

  it('knows no payment nobody asked for, and refuses it once it was voided', async () => {
    const id = newId();
    expect((await payments.read(id)).status).to.equal(404);
    expect((await payments.capture(id)).status).to.equal(404);
    expect((await payments.refund(id)).status).to.equal(404);
    expect((await payments.void(id)).status).to.equal(404);
    const late = await payments.authorize(id);
    expect(late.status).to.equal(409);
    expect(late.body).to.include({ reason: 'payment_voided' });
    expect(payments.effects(id)).to.equal(undefined);
  });

  it('never holds money for a payment whose void and authorisation race', async () => {
    const ids = Array.from({ length: 20 }, () => newId());
    await Promise.all(ids.flatMap((id) => [payments.authorize(id), payments.void(id)]));
    for (const id of ids) {
      const status = await payments.status(id);
      if (status !== undefined) await payments.resolvedTo(id, 'voided');
      const effects = payments.effects(id);
      expect(effects?.authorize ?? 0).to.equal(effects?.void ?? 0);
    }
  });
});

describe('the ledger', () => {
  let payments: Payments;
  before(async () => void (payments = await startPayments()));
  after(() => payments.close());

  it('sums to zero over all accounts, whatever happened', async () => {
    for (const steps of ['capture', 'capture refund', 'void', ''] as const) {
      const id = await payments.authorized();
      if (steps.includes('capture')) await payments.capture(id);
      if (steps.includes('refund')) await payments.refund(id);
      if (steps.includes('void')) await payments.void(id);
    }
    const { rows } = await payments.database.pool.query<{ account: string; sum: number }>(
      'SELECT account, sum(amount)::int AS sum FROM ledger_entries GROUP BY account ORDER BY account',
    );
    expect(rows).to.deep.equal([
      { account: 'provider_receivable', sum: 4_999 },
      { account: 'sales', sum: -4_999 },
    ]);
  });

  async function refusalOf(sql: string, values: unknown[] = []): Promise<string> {
    return payments.database.pool.query(sql, values).then(
      () => 'accepted',
      (error: unknown) => String(error),
    );
  }

  it('refuses a transaction that does not balance', async () => {
    const id = await payments.authorized();
    const sql = `INSERT INTO ledger_entries
      (transaction_id, payment_id, kind, account, amount, currency)
      VALUES (gen_random_uuid(), $1, 'capture', 'sales', -1, 'EUR')`;
    expect(await refusalOf(sql, [id])).to.include('does not sum to zero');
  });

  it('refuses to be changed', async () => {
    await payments.capture(await payments.authorized());
    for (const sql of [
      'UPDATE ledger_entries SET amount = 0',
      'DELETE FROM ledger_entries',
      'TRUNCATE ledger_entries',
    ]) {
      expect(await refusalOf(sql), sql).to.include('append-only');
    }
  });

  it('refuses a second capture of one payment', async () => {
    const id = await payments.authorized();
    await payments.capture(id);
    const sql = `INSERT INTO ledger_entries
      (transaction_id, payment_id, kind, account, amount, currency)
      VALUES (gen_random_uuid(), $1, 'capture', 'sales', 0, 'EUR')`;
    expect(await refusalOf(sql, [id])).to.include('posted_once');
  });
});
