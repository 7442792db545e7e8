import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { prometheusTargets } from './prometheus-targets.ts';

const meta = '__meta_kubernetes_pod_';

/** A target as Prometheus tells of it. */
function target(address: string, container: string, more: Record<string, string> = {}) {
  return {
    discoveredLabels: {
      __address__: address,
      [`${meta}name`]: 'orders-primary-1',
      [`${meta}container_name`]: container,
      [`${meta}label_app_kubernetes_io_part_of`]: 'faultline',
      [`${meta}label_app_kubernetes_io_version`]: '1.2.0',
      [`${meta}label_linkerd_io_proxy_deployment`]: 'orders-primary',
      ...more,
    },
    labels: { service: 'orders', job: 'linkerd-proxy' },
    scrapePool: 'linkerd-proxy',
    scrapeUrl: `http://${address}/metrics`,
    health: 'up',
  };
}

describe('prometheusTargets', () => {
  let server: Server;
  let url: string;
  let nowMs = 0;
  let asked: (string | undefined)[] = [];
  let active: unknown = [];
  let isDown = false;
  const source = () =>
    prometheusTargets({ url, except: ['trace-store', 'load'], clock: { monotonic } });
  const monotonic = () => nowMs;

  before(async () => {
    server = createServer((req, res) => {
      asked.push(req.url);
      if (isDown) return void res.writeHead(503).end('no');
      res.end(JSON.stringify({ status: 'success', data: { activeTargets: active } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A TCP server's address is never a string.
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    isDown = false;
    asked = [];
    active = [target('10.0.0.1:4191', 'linkerd-proxy')];
  });

  it('names sidecars and services as the list of the local engine does', async () => {
    active = [target('10.0.0.1:4191', 'linkerd-proxy'), target('[fd00::1]:9100', 'orders')];
    const common = { service: 'orders', instance: 'orders-primary-1', version: '1.2.0' };
    expect(await source()()).to.deep.equal([
      { ...common, kind: 'sidecar', url: 'http://10.0.0.1:4191/metrics' },
      { ...common, kind: 'app', url: 'http://[fd00::1]:9100/metrics' },
    ]);
    expect(asked).to.deep.equal(['/api/v1/targets?state=active']);
  });

  it('passes over what is no part of the shop, and whom it is told to', async () => {
    const foreign = { [`${meta}label_app_kubernetes_io_part_of`]: 'faultline-observability' };
    const own = { [`${meta}label_linkerd_io_proxy_deployment`]: 'trace-store' };
    active = [
      target('10.0.0.2:4191', 'linkerd-proxy', foreign),
      target('10.0.0.3:4191', 'linkerd-proxy', own),
      target('10.0.0.3:9100', 'trace-store'),
      target('10.0.0.4:9100', 'load'),
      { discoveredLabels: { __address__: 'localhost:9090' }, scrapeUrl: 'http://localhost:9090/m' },
    ];
    expect(await source()()).to.deep.equal([]);
  });

  it('asks every few seconds, and not for each look', async () => {
    const read = source();
    for (let look = 0; look < 3; look++) await read();
    expect(asked).to.have.length(1);
    nowMs += 3_000;
    active = [target('10.0.0.9:4191', 'linkerd-proxy')];
    await eventually(async () => {
      const [only] = await read();
      expect(only?.url).to.equal('http://10.0.0.9:4191/metrics');
    });
    expect(asked).to.have.length(2);
  });

  it('goes on with those it knows while Prometheus does not answer', async () => {
    const read = source();
    const before = await read();
    expect(before).to.have.length(1);
    isDown = true;
    for (const _ of [1, 2]) {
      nowMs += 3_000;
      expect(await read()).to.deep.equal(before);
    }
    await eventually(() => expect(asked).to.have.length(3));
    expect(await read()).to.deep.equal(before);
  });

  it('knows nobody as long as Prometheus has never answered, and does not fail', async () => {
    isDown = true;
    const read = source();
    expect(await read()).to.deep.equal([]);
    isDown = false;
    nowMs += 3_000;
    expect(await read()).to.have.length(1);
  });
});
