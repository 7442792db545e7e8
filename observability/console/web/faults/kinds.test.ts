import { expect } from 'chai';
import { describeFault, fieldDefaults, specOf } from './kinds.ts';

describe('a fault that is asked for', () => {
  const asked = { target: 'orders->payments', lease: '60s' };

  it('has the fields of its kind only, numbers as numbers', () => {
    expect(specOf({ kind: 'error', ...asked, fields: fieldDefaults })).to.deep.equal({
      kind: 'error',
      ...asked,
      status: 503,
      share: 100,
    });
    const fields = { ...fieldDefaults, delay: '2s', share: 'half' };
    expect(specOf({ kind: 'delay', ...asked, fields })).to.deep.equal({
      kind: 'delay',
      ...asked,
      delay: '2s',
      share: 'half',
    });
    expect(specOf({ kind: 'kill', ...asked, fields })).to.deep.equal({ kind: 'kill', ...asked });
  });

  it('is told in words', () => {
    const fault = { id: 'f', target: 'a', started_at: '', ends_at: '', remaining_ms: 1 };
    const delay = { ...fault, kind: 'delay', share: 50, effect: { delayMs: 2_000 } };
    expect(describeFault(delay)).to.equal('answers late (2 s) for 50 %');
    const error = { ...fault, kind: 'error', share: 100, effect: { status: 503 }, method: 'GET' };
    expect(describeFault(error)).to.equal('answers with an error status (503), GET only');
  });
});
