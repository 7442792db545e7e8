import { expect } from 'chai';
import {
  type Change,
  isPending,
  type PaymentStatus,
  planChange,
  stepAfterAct,
  stepAfterFind,
} from './payment.ts';
import type { Charge } from './provider/port.ts';

const statuses: PaymentStatus[] = [
  'authorizing',
  'authorized',
  'declined',
  'capturing',
  'captured',
  'voiding',
  'voided',
  'refunding',
  'refunded',
];
const changes: Change[] = ['capture', 'void', 'refund'];
const charges: Charge['status'][] = ['authorized', 'declined', 'captured', 'voided', 'refunded'];

function charge(status: Charge['status']) {
  return { kind: 'charge' as const, charge: { status, declineReason: null } };
}

describe('a payment’s life', () => {
  it('starts each operation from the states that allow it, and no other', () => {
    const starts = changes.flatMap((change) =>
      statuses
        .filter((status) => planChange(status, change).kind === 'start')
        .map((status) => `${status} ${change}`),
    );
    expect(starts).to.deep.equal([
      'authorized capture',
      'authorizing void',
      'authorized void',
      'captured refund',
    ]);
  });

  it('never voids what is or may be captured, nor captures what is or may be voided', () => {
    for (const status of ['capturing', 'captured', 'refunding', 'refunded'] as const) {
      expect(planChange(status, 'void').kind).to.be.oneOf(['refuse', 'settle']);
    }
    for (const status of ['voiding', 'voided', 'declined', 'refunded'] as const) {
      expect(planChange(status, 'capture').kind).to.equal('refuse');
    }
  });

  it('is done, not started again, once an operation has settled', () => {
    expect(planChange('captured', 'capture').kind).to.equal('done');
    expect(planChange('voided', 'void').kind).to.equal('done');
    expect(planChange('declined', 'void').kind).to.equal('done');
    expect(planChange('refunded', 'refund').kind).to.equal('done');
  });

  it('waits wherever the provider gives no answer', () => {
    for (const status of statuses) {
      expect(stepAfterFind(status, { kind: 'unknown' })).to.deep.equal({ kind: 'wait' });
    }
    for (const operation of ['authorize', ...changes] as const) {
      expect(stepAfterAct(operation, { kind: 'unknown' })).to.deep.equal({ kind: 'wait' });
    }
  });

  it('settles on what the provider says has happened, without doing it again', () => {
    expect(stepAfterFind('authorizing', charge('authorized'))).to.include({ status: 'authorized' });
    expect(stepAfterFind('authorizing', charge('declined'))).to.include({ status: 'declined' });
    expect(stepAfterFind('capturing', charge('captured'))).to.include({ status: 'captured' });
    expect(stepAfterFind('voiding', charge('voided'))).to.include({ status: 'voided' });
    expect(stepAfterFind('refunding', charge('refunded'))).to.include({ status: 'refunded' });
  });

  it('does again what the provider says has not happened', () => {
    expect(stepAfterFind('authorizing', { kind: 'none' })).to.include({ operation: 'authorize' });
    expect(stepAfterFind('capturing', charge('authorized'))).to.include({ operation: 'capture' });
    expect(stepAfterFind('voiding', charge('authorized'))).to.include({ operation: 'void' });
    expect(stepAfterFind('refunding', charge('captured'))).to.include({ operation: 'refund' });
  });

  it('watches for an authorisation that the provider has not seen when it is voided', () => {
    expect(stepAfterFind('voiding', { kind: 'none' })).to.include({
      status: 'voided',
      watch: true,
    });
    expect(stepAfterFind('voided', { kind: 'none' })).to.deep.equal({ kind: 'watch' });
    expect(stepAfterFind('voided', charge('authorized'))).to.include({ operation: 'void' });
  });

  it('never settles in a pending state, and only acts on open payments', () => {
    for (const status of statuses) {
      for (const found of charges) {
        const step = stepAfterFind(status, charge(found));
        if (step.kind === 'settle') expect(isPending(step.status)).to.equal(false);
        if (step.kind === 'act') expect(isPending(status) || status === 'voided').to.equal(true);
      }
    }
  });

  it('goes back to where it was when the provider refuses a capture or a refund', () => {
    const no = { kind: 'declined', reason: 'expired' } as const;
    expect(stepAfterAct('capture', no)).to.include({ status: 'authorized', reason: 'expired' });
    expect(stepAfterAct('refund', no)).to.include({ status: 'captured', reason: 'expired' });
    expect(stepAfterAct('void', no)).to.deep.equal({ kind: 'wait' });
  });
});
