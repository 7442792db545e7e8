import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import type { Service } from '../manifests/model.ts';
import { Endpoints, type Endpoint, type Target } from './endpoints.ts';

const service: Service = {
  name: 'inventory',
  namespace: 'default',
  annotations: {},
  hasClusterIp: true,
  selector: { app: 'inventory' },
  ports: [{ name: 'http', port: 80, target: 'http', appProtocol: 'http' }],
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

const [port] = service.ports;
if (port === undefined) throw new Error('the example Service has lost its port');
const target: Target = { service, port };

describe('endpoints', () => {
  it('take turns, and only those that are ready and selected', () => {
    const endpoints = new Endpoints(clock);
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
    const endpoints = new Endpoints(clock);
    const early = endpoints.pickWithin(target, 1000);
    const late = endpoints.pickWithin(target, 100);
    await clock.advance(500);
    expect(await late).to.equal(undefined);
    endpoints.add(instance('a'));
    expect(await early).to.deep.equal({ path: '/run/a' });
  });
});
