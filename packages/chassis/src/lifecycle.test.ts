import { expect } from 'chai';
import { Lifecycle } from './lifecycle.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { silentLog } from './testing/log.ts';

describe('a shutdown', () => {
  let clock: FakeClock;
  let lifecycle: Lifecycle;
  let done: string[];
  beforeEach(() => {
    clock = new FakeClock();
    lifecycle = new Lifecycle({ clock, log: silentLog });
    done = [];
  });

  function step(name: string, takesMs = 0): void {
    lifecycle.onShutdown({
      name,
      async stop() {
        if (takesMs > 0) await clock.sleep(takesMs);
        done.push(name);
      },
    });
  }

  it('is announced before anything stops', async () => {
    expect(lifecycle.draining).to.equal(false);
    step('work', 10);
    const stopped = lifecycle.shutdown(1_000);
    expect(lifecycle.draining).to.equal(true);
    expect(done).to.deep.equal([]);
    await clock.advance(10);
    expect(await stopped).to.equal(true);
  });

  it('takes one step after the other, in the order given', async () => {
    step('slow', 50);
    step('quick');
    const stopped = lifecycle.shutdown(1_000);
    await clock.advance(49);
    expect(done).to.deep.equal([]);
    await clock.advance(1);
    expect(await stopped).to.equal(true);
    expect(done).to.deep.equal(['slow', 'quick']);
  });

  it('goes on after a step that failed, and is not clean then', async () => {
    lifecycle.onShutdown({ name: 'broken', stop: () => Promise.reject(new Error('broken')) });
    lifecycle.onShutdown({
      name: 'broken at once',
      stop() {
        throw new Error('broken at once');
      },
    });
    step('last');
    expect(await lifecycle.shutdown(1_000)).to.equal(false);
    expect(done).to.deep.equal(['last']);
  });

  it('waits for no step beyond the deadline, but begins each', async () => {
    const begun: string[] = [];
    for (const name of ['stuck', 'stuck too']) {
      lifecycle.onShutdown({ name, stop: () => (begun.push(name), new Promise(() => undefined)) });
    }
    const stopped = lifecycle.shutdown(1_000);
    await clock.advance(999);
    expect(begun).to.deep.equal(['stuck']);
    await clock.advance(1);
    await clock.advance(0);
    expect(await stopped).to.equal(false);
    expect(begun).to.deep.equal(['stuck', 'stuck too']);
  });

  it('tells each step the deadline', async () => {
    let told = 0;
    lifecycle.onShutdown({ name: 'asks', stop: async (deadlineMs) => (told = deadlineMs) });
    const deadlineMs = clock.monotonic() + 700;
    await lifecycle.shutdown(700);
    expect(told).to.equal(deadlineMs);
  });

  it('happens once, however often it is asked for', async () => {
    step('only');
    const first = lifecycle.shutdown(1_000);
    const second = lifecycle.shutdown(5);
    expect(await Promise.all([first, second])).to.deep.equal([true, true]);
    expect(done).to.deep.equal(['only']);
  });
});
