import { failureReason, orderStatus } from '@faultline/contracts/orders';
import { expect } from 'chai';
import { progressOf } from './order-steps.ts';

const plain = { failure_reason: null, failure_detail: null };

function states(order: Parameters<typeof progressOf>[0]): string {
  return progressOf(order)
    .steps.map(({ state }) => state)
    .join(' ');
}

describe('order progress', () => {
  for (const [status, expected] of [
    ['pending', 'done now waiting waiting'],
    ['confirmed', 'done done done done'],
    ['cancelling', 'done now'],
    ['cancelled', 'done undone'],
    ['refunding', 'done now'],
    ['refunded', 'done undone'],
  ] as const) {
    it(`shows ${status} as ${expected}`, () => {
      expect(states({ ...plain, status })).to.equal(expected);
    });
  }

  it('shows at which step an order failed', () => {
    const failed = { ...plain, status: 'failed' as const };
    expect(states({ ...failed, failure_reason: 'payment_declined' })).to.equal(
      'done done failed waiting',
    );
    expect(states({ ...failed, failure_reason: 'out_of_stock' })).to.equal(
      'done failed waiting waiting',
    );
  });

  it('has words for every reason, and for none', () => {
    for (const failure_reason of [...failureReason.options, null]) {
      const { explanation } = progressOf({ ...plain, status: 'failed', failure_reason });
      expect(explanation, String(failure_reason)).to.contain('Nothing was charged.');
    }
  });

  it('is settled in just those states that nothing leaves by itself', () => {
    const settled = orderStatus.options.filter(
      (status) => progressOf({ ...plain, status }).settled,
    );
    expect(settled).to.deep.equal(['confirmed', 'failed', 'cancelled', 'refunded']);
  });
});
