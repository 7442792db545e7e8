import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { seededRandom } from '@faultline/mesh-core/random';
import { expect } from 'chai';
import { stubShop } from '../test/stub-shop.ts';
import { Customers } from './customers.ts';
import { Steps } from './steps.ts';

describe('customers', () => {
  /** Twenty people who come at once and need a session, of at most `most` different ones. */
  async function rush(most: number) {
    const clock = new FakeClock();
    const { send, asked } = stubShop();
    const customers = new Customers({ clock, most, seed: 1 });
    const random = seededRandom(1);
    const steps = new Steps({
      ...{ journey: 'test', send, clock, startedMs: 0, dueMs: 0, timeoutMs: 1_000 },
      signal: new AbortController().signal,
      onOutcome: () => undefined,
    });
    const sessions = await Promise.all(
      Array.from({ length: 20 }, async () =>
        customers.session(steps, await customers.anyone(steps, random)),
      ),
    );
    return { asked, sessions };
  }

  it('sign up and in once each, however many need them at once', async () => {
    const { asked, sessions } = await rush(2);
    const count = (path: string) => asked.filter((one) => one.path === path).length;
    expect(sessions).to.have.length(20);
    expect(count('/api/v1/accounts')).to.equal(2);
    expect(count('/api/v1/sessions')).to.equal(2);
  });
});
