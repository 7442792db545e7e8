import { expect } from 'chai';
import { observeDependency } from './dependencies.ts';
import { FakeClock } from './testing/fake-clock.ts';

describe('observeDependency', () => {
  async function observe(check: () => Promise<void>, clock = new FakeClock()) {
    const told: boolean[] = [];
    const done = observeDependency(
      { name: 'store', check },
      { clock, tell: ({ up }) => told.push(up) },
    );
    return { told, done, clock };
  }

  it('tells that a dependency answers', async () => {
    const { told, done } = await observe(async () => undefined);
    await done;
    expect(told).to.deep.equal([true]);
  });

  it('tells that one does not', async () => {
    const { told, done } = await observe(() => Promise.reject(new Error('refused')));
    await done;
    expect(told).to.deep.equal([false]);
  });

  it('takes silence for no after two seconds, and a late answer for what it says', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { told, done, clock } = await observe(() => promise);
    await clock.advance(1_999);
    expect(told).to.deep.equal([]);
    await clock.advance(1);
    expect(told).to.deep.equal([false]);
    resolve();
    await done;
    expect(told).to.deep.equal([false, true]);
  });
});
