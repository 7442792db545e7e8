import { expect } from 'chai';
import { Shift, shiftLine } from './shift.ts';

describe('Shift', () => {
  let shift: Shift;
  beforeEach(() => {
    shift = new Shift();
  });

  function see(...calls: readonly number[]): void {
    for (const above of calls) shift.note(above, 1);
  }

  it('is none while one call in three is above the line', () => {
    see(...Array.from({ length: 60 }, (_, at) => (at % 3 === 0 ? 1 : 0)));
    expect(shift.isNow).to.equal(false);
  });

  it('is one after five in a row, and none any more when every other call is as usual', () => {
    see(1, 1, 1, 1);
    expect(shift.isNow).to.equal(false);
    see(1);
    expect(shift.isNow).to.equal(true);
    see(0, 1, 0, 1, 0);
    expect(shift.isNow).to.equal(false);
  });

  it('is the same whether calls are told one by one or together', () => {
    shift.note(6, 6);
    expect(shift.isNow).to.equal(true);
    shift.note(0, 0);
    expect(shift.isNow).to.equal(true);
    shift.note(0, 3);
    expect(shift.isNow).to.equal(false);
  });

  it('needs more than a busy machine makes of it', () => {
    expect(shiftLine(5)).to.equal(155);
    expect(shiftLine(200)).to.equal(800);
  });
});
