import { DependencyError, type DependencyFailure } from '@faultline/chassis/http-client';
import { expect } from 'chai';
import { order } from '../test/sample.ts';
import { judge, type Outcome } from './place-order.ts';

type Reply = Extract<Parameters<typeof judge>[0], { ok: true }>['reply'];

function problem(
  status: 402 | 409 | 422 | 503,
  reason?: string,
  extra: Record<string, unknown> = {},
): Outcome {
  const body = {
    type: 'about:blank',
    title: 'Problem',
    status,
    detail: 'Because.',
    instance: '/api/v1/orders',
    trace_id: '0'.repeat(32),
    retryable: false,
    ...(reason ? { reason } : {}),
    ...extra,
  };
  const reply: Reply = { status, headers: {}, body };
  return judge({ ok: true, reply });
}

function failure(kind: DependencyFailure, upstreamStatus?: number): Outcome {
  const error = new DependencyError({
    dependency: 'orders',
    failure: kind,
    ...(upstreamStatus ? { upstreamStatus } : {}),
  });
  return judge({ ok: false, error });
}

describe('placing an order', () => {
  for (const status of [201, 202] as const) {
    it(`leads to the order on ${status}`, () => {
      const reply: Reply = { status, headers: {}, body: order() };
      expect(judge({ ok: true, reply })).to.deep.equal({ kind: 'placed', orderId: order().id });
    });
  }

  for (const [what, outcome] of [
    ['a declined payment', problem(402)],
    ['an empty shelf', problem(409, 'out_of_stock')],
    ['an order that is not accepted', problem(422, 'product_unavailable')],
    ['an order that took too long and was undone', problem(503, 'timed_out')],
  ] as const) {
    it(`is final after ${what}: the next try is a new order`, () => {
      expect(outcome).to.include({ kind: 'refused', key: 'fresh' });
      expect(outcome).to.have.property('text').that.contains('Because. Nothing was charged.');
    });
  }

  it('goes on waiting while the first sending of the same order is at work', () => {
    expect(problem(409, 'request_in_progress')).to.deep.equal({ kind: 'busy' });
  });

  it('names what there is not enough of, and nothing that is no shortage', () => {
    const items = [{ product_id: 'a', requested: 3, available: 1 }];
    expect(problem(409, 'out_of_stock', { items })).to.deep.include({
      short: [{ product_id: 'a', available: 1 }],
    });
    expect(problem(409, 'out_of_stock', { items: 'all' })).to.deep.include({ short: [] });
  });

  it('does not call a cancelled order sold out', () => {
    expect(problem(409, 'order_cancelled')).to.include({ title: 'This order was cancelled' });
  });

  it('warns of a second order when the first went out with other details', () => {
    const outcome = problem(422, 'idempotency_key_reused');
    expect(outcome).to.include({ kind: 'refused', key: 'fresh' });
    expect(outcome).to.have.property('text').that.contains('Look at your orders first');
  });

  for (const [what, outcome] of [
    ['it was not reached', failure('refused')],
    ['the mesh found nobody', failure('failed', 503)],
    ['orders had no prices to begin with', problem(503, undefined, { dependency: 'catalog' })],
  ] as const) {
    it(`says that nothing was charged when ${what}, and keeps the key`, () => {
      expect(outcome).to.include({ kind: 'refused', status: 503, key: 'same' });
      expect(outcome).to.have.property('text').that.contains('Nothing was charged');
    });
  }

  for (const [what, outcome] of [
    ['no answer came', failure('unknown')],
    ['the answer was a failure', failure('failed', 500)],
    ['the connection broke behind the mesh', failure('failed', 502)],
    ['orders could not complete it', problem(503)],
  ] as const) {
    it(`claims nothing when ${what}, and keeps the key`, () => {
      expect(outcome).to.include({ kind: 'refused', status: 503, key: 'same' });
      expect(outcome).to.have.property('title').that.contains('do not know');
      expect(outcome).to.have.property('text').that.contains('not be charged twice');
    });
  }
});
