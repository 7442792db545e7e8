import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { seededRandom } from '@faultline/mesh-core/random';
import { expect } from 'chai';
import { problem, stubShop } from '../test/stub-shop.ts';
import { Customers } from './customers.ts';
import type { Send } from './http.ts';
import { Steps } from './steps.ts';

describe('customers', () => {
  /**
   * Twenty people who come at once and need a session, of at most `most` different ones; of some
   * paths the first requests fail.
   */
  async function rush(most: number, failures: Readonly<Record<string, number>> = {}) {
    const clock = new FakeClock();
    const shop = stubShop();
    const asked: string[] = [];
    const count = (path: string) => asked.filter((one) => one === path).length;
    const send: Send = async (request, signal) => {
      asked.push(request.path);
      const fails = count(request.path) <= (failures[request.path] ?? 0);
      return fails ? problem(503, 'unavailable') : shop.send(request, signal);
    };
    const customers = new Customers({ clock, most, seed: 1 });
    const random = seededRandom(1);
    const steps = new Steps({
      ...{ journey: 'test', send, clock, startedMs: 0, dueMs: 0, timeoutMs: 1_000 },
      signal: new AbortController().signal,
      onOutcome: () => undefined,
    });
    const sessions = await Promise.allSettled(
      Array.from({ length: 20 }, async () =>
        customers.session(steps, await customers.anyone(steps, random)),
      ),
    );
    const served = sessions.filter(({ status }) => status === 'fulfilled').length;
    return { served, signUps: count('/api/v1/accounts'), signIns: count('/api/v1/sessions') };
  }

  it('sign up and in once each, however many need them at once', async () => {
    expect(await rush(2)).to.deep.equal({ served: 20, signUps: 2, signIns: 2 });
  });

  it('share the failure of a sign-in', async () => {
    const rushed = await rush(1, { '/api/v1/sessions': 1 });
    expect(rushed).to.deep.equal({ served: 0, signUps: 1, signIns: 1 });
  });

  it('leave their place to one other when they fail to sign up', async () => {
    const rushed = await rush(2, { '/api/v1/accounts': 2 });
    expect(rushed).to.deep.equal({ served: 18, signUps: 4, signIns: 2 });
  });
});
