import { systemClock } from '@faultline/chassis/clock';
import { loadConfig, type StoreConfig } from '@faultline/store/config';
import { startConsole } from '@faultline/store/console';
import { expect } from 'chai';
import { renderEnvironment } from './support/overlays.ts';
import { readResources, type Resources, workloads } from './support/resources.ts';
import { isPeer } from './support/checks/sidecars.ts';
import { selects } from './support/schemas/common.ts';

type Ports = { name: string; port: number }[];

describe('the console of a cluster', () => {
  let all: Resources;
  let config: StoreConfig;

  before(() => {
    all = readResources(renderEnvironment('dev')).resources;
    const store = all.Deployment.find(({ metadata }) => metadata.name === 'trace-store');
    const [container] = store?.spec.template.spec.containers ?? [];
    config = loadConfig(
      Object.fromEntries(container?.env.map((one) => [one.name, one.value]) ?? []),
    );
  });

  function portsOf(name: string): Ports {
    const found = all.Service.find(({ metadata }) => metadata.name === name);
    return (found?.spec.ports ?? []).map((one) => ({ name: one.name, port: one.port }));
  }

  it('listens where its Service leads, and asks the Prometheus that is there', () => {
    expect(portsOf('trace-store')).to.deep.include({ name: 'console', port: 8081 });
    expect(config.listenConsole).to.deep.equal({ host: '0.0.0.0', port: 8081 });
    const { hostname, port } = new URL(config.prometheusUrl ?? '');
    expect(portsOf(hostname).map((one) => String(one.port))).to.include(port);
  });

  it('is the same page without an engine: it says so, and answers this machine alone', async () => {
    const address = { host: '127.0.0.1', port: 0 };
    const console = await startConsole({
      config: { ...config, listenConsole: address },
      clock: systemClock,
      api: (_, res) => res.end('[]'),
    });
    if (console === undefined) throw new Error('serve the console: expected an address');
    try {
      const page = await (await fetch(console.url)).text();
      const meta = (name: string) => new RegExp(`name="${name}" content="([^"]*)"`).exec(page)?.[1];
      expect(meta('faultline-parts')).to.equal('prometheus');
      const ask = (headers: Record<string, string>) =>
        fetch(`${console.url}/engine/rollouts`, { method: 'POST', headers, body: '{}' });
      expect((await ask({})).status).to.equal(401);
      const token = meta('faultline-token') ?? '';
      expect((await ask({ 'X-Faultline-Token': token })).status).to.equal(501);
      expect(config.consoleHosts).to.deep.equal([]);
    } finally {
      await console.drain(systemClock.monotonic());
    }
  });

  it('hears of every span that a service or a sidecar sends, by way of the collector', () => {
    // What the collector keeps for people is sampled; what it sends here is not (configs.test.ts).
    expect(portsOf('trace-store')).to.deep.include({ name: 'otlp-http', port: 4318 });
    expect(config.listenOtlp).to.deep.equal({ host: '0.0.0.0', port: 4318 });
    expect(config.edgeService).to.equal('gateway');
  });

  it('looks at whom Prometheus scrapes, and is let in to all of them', () => {
    expect(config.targetsFile).to.equal(undefined);
    expect(config.targetsUrl).to.equal(config.prometheusUrl);
    const store = workloads(all).find(({ name }) => name === 'trace-store');
    if (store === undefined) throw new Error('expected a trace store');
    const looker = { namespace: store.namespace, labels: store.template.metadata.labels };
    const scraped = workloads(all).filter(
      ({ namespace, template }) =>
        namespace === 'shop' &&
        template.spec.containers.some(({ ports }) => ports.some(({ name }) => name === 'admin')),
    );
    expect(scraped.map(({ name }) => name)).to.include.members(['gateway', 'orders', 'images']);
    for (const pod of scraped) {
      const open = all.NetworkPolicy.filter(
        ({ metadata, spec }) =>
          metadata.namespace === pod.namespace &&
          selects(spec.podSelector, pod.template.metadata.labels),
      )
        .flatMap(({ spec }) => spec.ingress)
        .filter(({ from = [] }) => from.some((peer) => isPeer(peer, looker)))
        .flatMap(({ ports = [] }) => ports.map(({ port }) => port));
      // The service's own port, its sidecar's, and what meshed calls arrive at.
      expect(open, pod.name).to.include.members([9100, 4191, 4143]);
    }
  });

  it('hears of rollouts from Flagger, where its Canaries tell of them', () => {
    expect(config.hearsFlagger).to.equal(true);
    expect(config.token).to.equal(undefined);
    const told = all.Canary.flatMap(({ spec }) => spec.analysis?.webhooks ?? []).filter(
      ({ type }) => type === 'event',
    );
    expect(new Set(told.map(({ url }) => url))).to.deep.equal(
      new Set(['http://trace-store.observability:16686/api/flagger']),
    );
    expect(portsOf('trace-store')).to.deep.include({ name: 'query', port: 16_686 });
  });
});
