import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import type { Service } from '../manifests/model.ts';
import { Endpoints, type Endpoint, type Target } from './endpoints.ts';

const service: Service = {
  name: 'inventory',
  selector: { app: 'inventory' },
  ports: [{ name: 'http', port: 80, target: 'http' }],
  localPort: undefined,
  links: {},
  notes: [],
};

const instance = (name: string, labels: Endpoint['labels'] = { app: 'inventory' }): Endpoint => ({
  instance: name,
  labels,
  ports: [{ name: 'http', containerPort: 8080, address: { path: `/run/${name}` } }],
});

const clock = new FakeClock();

function resolved(endpoints: Endpoints, host: string, port = 80): Target {
  const target = endpoints.resolve(host, port);
  if ('error' in target) throw new Error(target.error);
  return target;
}

describe('endpoints', () => {
  it('are found by every name that cluster DNS knows', () => {
    const endpoints = new Endpoints([service], clock);
    for (const host of [
      'inventory',
      'inventory.default',
      'inventory.default.svc',
      'inventory.default.svc.cluster.local',
      'inventory.default.svc.cluster.local.',
    ]) {
      expect(resolved(endpoints, host).service, host).to.equal(service);
    }
  });

  it('say which Services and ports there are when asked for another', () => {
    const endpoints = new Endpoints([service], clock);
    expect(endpoints.resolve('inventry', 80)).to.have.property(
      'error',
      "there is no Service 'inventry'; there are: inventory",
    );
    expect(endpoints.resolve('inventory', 81))
      .to.have.property('error')
      .that.includes('has no port 81; it has: 80');
    expect(endpoints.resolve('inventory.default.example.com', 80)).to.have.property('error');
  });

  it('take turns, and only those that are ready and selected', () => {
    const endpoints = new Endpoints([service], clock);
    const target = resolved(endpoints, 'inventory');
    endpoints.add(instance('a'));
    endpoints.add(instance('b'));
    endpoints.add(instance('other', { app: 'orders' }));
    const picks = () => [1, 2, 3, 4].map(() => endpoints.pick(target));
    const [a, b] = [{ path: '/run/a' }, { path: '/run/b' }];
    expect(picks()).to.deep.equal([a, b, a, b]);
    endpoints.remove('a');
    expect(picks()).to.deep.equal([b, b, b, b]);
    endpoints.remove('b');
    expect(endpoints.pick(target)).to.equal(undefined);
  });

  it('are waited for, no longer than asked', async () => {
    const endpoints = new Endpoints([service], clock);
    const target = resolved(endpoints, 'inventory');
    const early = endpoints.pickWithin(target, 1000);
    const late = endpoints.pickWithin(target, 100);
    await clock.advance(500);
    expect(await late).to.equal(undefined);
    endpoints.add(instance('a'));
    expect(await early).to.deep.equal({ path: '/run/a' });
  });
});
