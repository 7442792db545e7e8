import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { LastGood } from './last-good.ts';

describe('last good answers', () => {
  it('come with the time they were current', async () => {
    const clock = new FakeClock(1_000);
    const memory = new LastGood<string>({ clock, limit: 2 });
    memory.remember('a', 'old');
    await clock.advance(500);
    memory.remember('a', 'new');
    await clock.advance(500);
    expect(memory.recall('a')).to.deep.equal({ value: 'new', asOfMs: 1_500 });
    expect(memory.recall('b')).to.equal(undefined);
  });

  it('are bounded; the one unused for longest goes first', () => {
    const memory = new LastGood<number>({ clock: new FakeClock(), limit: 2 });
    memory.remember('a', 1);
    memory.remember('b', 2);
    memory.recall('a');
    memory.remember('c', 3);
    expect(memory.recall('b')).to.equal(undefined);
    expect(memory.recall('a')?.value).to.equal(1);
    expect(memory.recall('c')?.value).to.equal(3);
  });
});
