import { expect } from 'chai';
import { FakeTime } from '../test/support/fake-time.ts';
import { Balancer } from './balancer.ts';
import { ProxyError } from './errors.ts';
import { RequestQueue } from './request-queue.ts';
import { Scope } from './scope.ts';

class Switchable extends Balancer {
  isReady = false;
  override hasReady(): boolean {
    return this.isReady;
  }
}

function subject(queueMax = 10) {
  const clock = new FakeTime();
  const balancer = new Switchable();
  const waiting = new RequestQueue({ balancer, clock, limits: { failFastMs: 3_000, queueMax } });
  const events: string[] = [];
  return {
    clock,
    balancer,
    waiting,
    events,
    enter(name: string, scope = new Scope()) {
      waiting.enter(scope, {
        start: () => void events.push(`${name} starts`),
        fail: (error) => void events.push(`${name} ${ProxyError.from(error).kind}`),
      });
    },
    become(isReady: boolean) {
      balancer.isReady = isReady;
      balancer.onChange();
    },
  };
}

describe('RequestQueue', () => {
  it('lets requests pass while an endpoint is ready', () => {
    const { enter, become, events } = subject();
    become(true);
    enter('a');
    expect(events).to.deep.equal(['a starts']);
  });

  it('holds them, and lets them go in order when one becomes ready', async () => {
    const { enter, become, events, clock } = subject();
    enter('a');
    enter('b');
    await clock.pass(2_999);
    expect(events).to.deep.equal([]);
    become(true);
    expect(events).to.deep.equal(['a starts', 'b starts']);
    expect(clock.pending).to.equal(0);
  });

  it('fails all that wait after 3 s, later ones at once, until one is ready again', async () => {
    const { enter, become, events, clock, waiting } = subject();
    enter('a');
    await clock.pass(2_000);
    enter('b');
    expect(waiting.ready).to.equal(true);
    await clock.pass(1_000);
    expect(waiting.ready).to.equal(false);
    enter('c');
    become(true);
    enter('d');
    expect(events).to.deep.equal(['a fail-fast', 'b fail-fast', 'c load-shed', 'd starts']);
  });

  it('sheds what does not fit, and forgets whoever leaves', () => {
    const { enter, become, events, waiting } = subject(1);
    const scope = new Scope();
    enter('a', scope);
    enter('b');
    scope.cancel(new ProxyError('cancelled', 'gone'));
    expect(waiting.length).to.equal(0);
    become(true);
    expect(events).to.deep.equal(['b load-shed', 'a cancelled']);
  });
});
