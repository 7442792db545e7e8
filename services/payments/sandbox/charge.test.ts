import { expect } from 'chai';
import { behave } from './behaviour.ts';
import { newCharge, perform } from './charge.ts';

const fresh = newCharge({
  reference: 'r',
  amount: { amount: 100, currency: 'EUR' },
  token: 'tok_ok',
});

describe('a charge of the sandbox', () => {
  it('takes effect once per key and answers the same again', () => {
    const first = perform(fresh, { operation: 'authorize', key: 'a' });
    const again = perform(first.charge, { operation: 'authorize', key: 'a' });
    expect(again).to.deep.equal(first);
    expect(again.charge.effects.authorize).to.equal(1);
  });

  it('refuses what its state does not allow', () => {
    const { charge } = perform(fresh, { operation: 'authorize', key: 'a' });
    const captured = perform(charge, { operation: 'capture', key: 'c' });
    const twice = perform(captured.charge, { operation: 'capture', key: 'other' });
    expect(twice.outcome).to.deep.equal({ outcome: 'declined', reason: 'charge_is_captured' });
    expect(twice.charge).to.include({ status: 'captured' });
    expect(twice.charge.effects.capture).to.equal(1);
    expect(perform(captured.charge, { operation: 'void', key: 'v' }).outcome.outcome).to.equal(
      'declined',
    );
  });

  it('stays declined once it was', () => {
    const { charge } = perform(fresh, { operation: 'authorize', key: 'a', decline: 'no' });
    expect(charge).to.include({ status: 'declined', decline_reason: 'no' });
    const later = perform(charge, { operation: 'authorize', key: 'b' });
    expect(later.outcome.outcome).to.equal('declined');
  });
});

describe('the sandbox’s tokens', () => {
  it('decide how a call is treated', () => {
    expect(behave('tok_ok', 'authorize', 0)).to.deep.equal({ answer: 'reply', delayMs: 0 });
    expect(behave('tok_declined', 'authorize', 0)).to.include({ decline: 'card_declined' });
    expect(behave('tok_insufficient_funds', 'authorize', 5)).to.include({
      decline: 'insufficient_funds',
    });
    expect(behave('tok_slow', 'capture', 0)).to.include({ delayMs: 1_000 });
    expect(behave('tok_never_seen', 'authorize', 0)).to.include({ decline: 'unknown_card' });
    expect(behave('constructor', 'authorize', 0)).to.include({ decline: 'unknown_card' });
  });

  it('spoil only the first call', () => {
    expect(behave('tok_error_once', 'authorize', 0)).to.include({ answer: 'error' });
    expect(behave('tok_error_once', 'authorize', 1)).to.include({ answer: 'reply' });
    expect(behave('tok_timeout_after_capture', 'authorize', 0)).to.include({ answer: 'reply' });
    expect(behave('tok_timeout_after_capture', 'capture', 0)).to.include({ answer: 'never' });
    expect(behave('tok_timeout_after_capture', 'capture', 1)).to.include({ answer: 'reply' });
  });
});
