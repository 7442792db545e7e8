import { expect } from 'chai';
import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { silentLog } from '@faultline/chassis/testing/log';
import { Cache, type CacheStore } from './cache.ts';

class MemoryStore implements CacheStore {
  readonly entries = new Map<string, string>();
  async get(key: string): Promise<string | null> {
    return this.entries.get(key) ?? null;
  }
  async set(key: string, value: string): Promise<void> {
    this.entries.set(key, value);
  }
}

describe('Cache', () => {
  let calls = 0;
  const compute = async () => ++calls;
  const cacheOn = (redis: CacheStore, clock = new FakeClock()) =>
    new Cache({ redis, clock, log: silentLog });
  beforeEach(() => {
    calls = 0;
  });

  it('computes a key once', async () => {
    const cache = cacheOn(new MemoryStore());
    expect([await cache.get('a', compute), await cache.get('a', compute)]).to.deep.equal([1, 1]);
    expect(await cache.get('b', compute)).to.equal(2);
  });

  it('lets calls at one time share one computation, even without a store', async () => {
    const cache = cacheOn({ get: () => Promise.reject(new Error('down')), set: async () => 0 });
    const values = await Promise.all(Array.from({ length: 50 }, () => cache.get('a', compute)));
    expect(new Set(values)).to.deep.equal(new Set([1]));
    expect(await cache.get('a', compute)).to.equal(2);
  });

  it('forgets everything, for every process, when a change is told', async () => {
    const store = new MemoryStore();
    const [here, there] = [cacheOn(store), cacheOn(store)];
    await here.get('a', compute);
    await there.invalidate();
    expect(await here.get('a', compute)).to.equal(2);
    expect(await there.get('a', compute)).to.equal(2);
  });

  it('does not let a call after a change share what was begun before it', async () => {
    const cache = cacheOn(new MemoryStore());
    const gate = Promise.withResolvers<string>();
    const early = cache.get('a', () => gate.promise);
    await cache.invalidate();
    expect(await cache.get('a', async () => 'new')).to.equal('new');
    gate.resolve('old');
    expect(await early).to.equal('old');
    expect(await cache.get('a', async () => 'newer')).to.equal('new');
  });

  it('does not wait for a store that hangs, and leaves it alone for a second', async () => {
    const clock = new FakeClock();
    let asked = 0;
    const hanging = () => (asked++, new Promise<null>(() => undefined));
    const cache = cacheOn({ get: hanging, set: hanging }, clock);
    const first = cache.get('a', compute);
    await clock.advance(200);
    expect(await first).to.equal(1);
    expect(await cache.get('a', compute)).to.equal(2);
    expect(asked).to.equal(1);
    await clock.advance(1_000);
    const later = cache.get('a', compute);
    await clock.advance(200);
    await later;
    expect(asked).to.equal(2);
  });

  it('does not remember a failure', async () => {
    const cache = cacheOn(new MemoryStore());
    const failing = cache.get('a', () => Promise.reject(new Error('no database')));
    expect(await failing.catch((error: Error) => error.message)).to.equal('no database');
    expect(await cache.get('a', compute)).to.equal(1);
  });
});
