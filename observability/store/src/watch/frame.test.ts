import type { EdgeSample, SpanRecord, Topology } from '@faultline/origin/model';
import { expect } from 'chai';
import { Details } from './frame.ts';
import { History } from './history.ts';
import { Pulses } from './pulses.ts';

const AT_MS = Date.UTC(2026, 0, 5, 9);

const topology: Topology = {
  atMs: AT_MS,
  nodes: ['orders', 'payments', 'postgres', 'orders.events', 'outbox of orders'].map((name) => ({
    name,
    kind:
      name === 'postgres'
        ? 'store'
        : name.includes('or') && /\.|out/.test(name)
          ? 'queue'
          : 'service',
    versions: name === 'payments' ? ['1.0.0', '1.1.0'] : [],
    instances: name === 'payments' ? ['payments-1', 'payments-2'] : [],
    state: 'healthy',
    requestsPerSecond: 1,
    errorShare: 0,
  })),
  edges: [
    ['orders', 'payments'],
    ['orders', 'postgres'],
  ].map(([from = '', to = '']) => ({
    from,
    to,
    requestsPerSecond: 1,
    errorShare: 0,
    retriesPerSecond: 0,
    openBreakers: 0,
  })),
};

const calls: EdgeSample = {
  atMs: AT_MS - 1_000,
  periodMs: 1_000,
  view: 'endpoint',
  source: { service: 'orders' },
  target: { kind: 'service', name: 'payments', version: '1.0.0' },
  requests: 30,
  responses: 30,
  failures: {},
  retries: 0,
  retrySuccesses: 0,
  connectionsOpened: 0,
  connectionsClosed: 0,
  bytesRead: 0,
  bytesWritten: 0,
};

const span: SpanRecord = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  service: 'orders',
  kind: 'client',
  name: 'POST',
  startMs: AT_MS,
  durationMs: 5,
  isError: false,
  attributes: { 'server.address': 'payments', 'http.response.status_code': 201 },
  links: [],
};

describe('what the console draws', () => {
  const node = (details: Details, name: string) =>
    details.frame(topology).nodes.find((one) => one.name === name);
  const edge = (details: Details, to: string) =>
    details.frame(topology).edges.find((one) => one.to === to);

  it('tells how long calls took lately', () => {
    const details = new Details();
    const latency = { boundsMs: [10, 20], counts: [50, 45, 5], sumMs: 900, count: 100 };
    details.addEdges([{ ...calls, latency }]);
    expect(edge(details, 'payments')).to.include({ kind: 'http', p50Ms: 10, p95Ms: 20 });
    expect(edge(details, 'postgres')).to.include({ kind: 'tcp' }).and.not.have.property('p95Ms');
    details.addEdges([{ ...calls, atMs: AT_MS - 60_000, latency }]);
    const old = new Details();
    old.addEdges([{ ...calls, atMs: AT_MS - 60_000, latency }]);
    expect(edge(old, 'payments')).not.to.have.property('p95Ms');
  });

  it('tells how a service’s versions share its traffic, and which instances are ready', () => {
    const details = new Details();
    const served = (version: string, requests: number) => ({
      ...calls,
      view: 'inbound' as const,
      target: { ...calls.target, version },
      requests,
    });
    details.addEdges([served('1.0.0', 30), served('1.1.0', 10)]);
    const change = { atMs: AT_MS, kind: 'instance', service: 'payments', detail: '' } as const;
    details.addChange({ ...change, instance: 'payments-1', version: '1.0.0', state: 'ready' });
    details.addChange({ ...change, instance: 'payments-2', version: '1.1.0', state: 'unready' });
    expect(node(details, 'payments')).to.deep.include({
      instances: 2,
      ready: 1,
      versions: [
        { version: '1.0.0', share: 0.75, instances: 1 },
        { version: '1.1.0', share: 0.25, instances: 1 },
      ],
    });
  });

  it('tells how busy the busiest instance is, and whether calls prove both ends', () => {
    const details = new Details();
    const target = { url: '', kind: 'app', service: 'payments', instance: 'payments-1' } as const;
    const cpu = (atMs: number, value: number) => ({
      atMs,
      samples: [{ name: 'process_cpu_seconds_total', labels: {}, value }],
    });
    details.addScrape(target, cpu(AT_MS - 2_000, 10));
    details.addScrape(target, cpu(AT_MS - 1_000, 10.4));
    expect(node(details, 'payments')?.busy).to.be.closeTo(0.4, 0.001);
    const labels = { direction: 'outbound', dst_service: 'payments-primary', tls: 'true' };
    const sidecar = { ...target, kind: 'sidecar', service: 'orders' } as const;
    const request = { name: 'request_total', labels, value: 1 };
    details.addScrape(sidecar, { atMs: AT_MS, samples: [request] });
    expect(edge(details, 'payments')?.mtls).to.equal(true);
    const plain = { ...request, labels: { ...labels, tls: 'no_identity' } };
    details.addScrape(sidecar, { atMs: AT_MS, samples: [request, plain] });
    expect(edge(details, 'payments')?.mtls).to.equal(false);
  });

  it('draws messages from who writes them to who reads them, and leaves out outboxes', () => {
    const details = new Details();
    const queue = { atMs: AT_MS, service: 'payments', queue: 'orders.events', group: 'g' };
    details.addQueues([{ ...queue, lag: 3, pending: 1, handled: 0 }]);
    details.addHops(
      [
        { from: 'orders', to: 'orders.events', count: 20, failed: 0, isAsync: true },
        { from: 'orders.events', to: 'payments', count: 10, failed: 5, isAsync: true },
      ],
      AT_MS - 1_000,
    );
    const { nodes, edges } = details.frame(topology);
    expect(nodes.map(({ name }) => name)).not.to.include('outbox of orders');
    expect(nodes.find(({ name }) => name === 'orders.events')?.waiting).to.equal(4);
    const messages = edges.filter(({ kind }) => kind === 'async');
    expect(
      messages.map(({ from, to, requestsPerSecond, errorShare }) => [
        from,
        to,
        requestsPerSecond,
        errorShare,
      ]),
    ).to.deep.equal([
      ['orders', 'orders.events', 2, 0],
      ['orders.events', 'payments', 1, 0.5],
    ]);
  });
});

describe('calls as they end', () => {
  it('counts only the instances that there are, where it is told', () => {
    const details = new Details();
    const count = () =>
      details.frame(topology).nodes.find(({ name }) => name === 'payments')?.instances;
    expect(count()).to.equal(2);
    details.setPresent(new Set(['payments-2', 'orders-1']));
    expect(count()).to.equal(1);
  });

  it('tells of people by spans where they come around the sidecar, else by its counters', () => {
    const details = new Details();
    const visits = { from: 'people', to: 'orders', isAsync: false };
    details.addHops([{ ...visits, count: 40, failed: 10 }], AT_MS - 1_000);
    const rates = () => {
      const orders = details.frame(topology).nodes.find(({ name }) => name === 'orders');
      return [orders?.requestsPerSecond, orders?.errorShare];
    };
    expect(rates()).to.deep.equal([4, 0.25]);
    const target = { kind: 'service', name: 'orders' } as const;
    const source = { service: 'client' };
    details.addEdges([{ ...calls, view: 'inbound', source, target, requests: 40 }]);
    // The analysis has counted those itself.
    expect(rates()).to.deep.equal([1, 0]);
  });

  it('are counted by who called whom, failures apart', () => {
    const pulses = new Pulses('gateway');
    const failed = {
      ...span,
      attributes: { ...span.attributes, 'http.response.status_code': 503 },
    };
    const store = { ...span, attributes: { 'db.system.name': 'postgresql' } };
    const visit = { ...span, service: 'gateway', kind: 'server' as const, attributes: {} };
    const publish = { ...span, kind: 'producer' as const, name: 'publish orders.events' };
    const proxy = { ...span, service: 'linkerd-proxy' };
    pulses.add([span, failed, store, visit, publish, proxy]);
    const told = pulses.take().map(({ from, to, count, failed: bad }) => [from, to, count, bad]);
    expect(told).to.deep.equal([
      ['orders', 'payments', 2, 1],
      ['orders', 'postgres', 1, 0],
      ['people', 'gateway', 1, 0],
      ['orders', 'orders.events', 1, 0],
    ]);
    expect(pulses.take()).to.deep.equal([]);
  });
});

describe('the history of frames', () => {
  it('is a JSON document of rows, of the last half hour only', () => {
    const history = new History();
    const details = new Details();
    for (let at = 0; at < 1_200; at++) {
      history.add(details.frame({ ...topology, atMs: AT_MS + at * 2_000 }));
    }
    const { nodes, edges, frames } = JSON.parse([...history.json()].join(''));
    expect(nodes).to.deep.include({ name: 'payments', kind: 'service' });
    expect(edges).to.deep.include({ from: 'orders', to: 'postgres', kind: 'tcp' });
    expect(frames.length).to.be.within(900, 991);
    expect(frames.at(-1)[0]).to.equal(AT_MS + 1_199 * 2_000);
    expect(JSON.stringify(frames.at(-1)).length).to.be.below(400);
  });
});
