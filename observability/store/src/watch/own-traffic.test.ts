import { readExposition } from '@faultline/origin/exposition';
import { edgeSamples } from '@faultline/origin/metrics';
import { expect } from 'chai';
import { OwnTraffic } from './own-traffic.ts';
import type { MetricsTarget } from './targets.ts';

const pod = (service: string, address: string, version: string): MetricsTarget[] => {
  const common = { service, version, instance: `${service}-1`, namespace: 'shop' };
  return [
    { ...common, kind: 'sidecar', url: `http://${address}:4191/metrics` },
    { ...common, kind: 'app', url: `http://${address}:9100/metrics` },
  ];
};
const gateway = pod('gateway', '10.0.0.1', '1.0.0');
const orders = pod('orders', '10.0.0.2', '1.1.0');
const targets = [...gateway, ...orders];

/** The edges that lines of a sidecar tell of, as Linkerd writes them. */
function edgesOf([sidecar]: MetricsTarget[], lines: string[]): string[] {
  if (sidecar === undefined) throw new Error('expected a sidecar');
  const traffic = new OwnTraffic(targets, 'gateway');
  const samples = traffic.select(readExposition(lines.join('\n')), sidecar);
  const isEdge = sidecar.service === 'gateway';
  const before = { atMs: 0, samples: [] };
  const found = edgeSamples(before, { atMs: 1_000, samples }, { ...sidecar, isEdge });
  return traffic.withVersions(found).map(({ source, target, view }) => {
    const { kind, name, version = '' } = target;
    return `${view}: ${source.service} to ${kind} ${name} ${version}`.trim();
  });
}

const identity = (name: string, namespace: string) =>
  `client_id="${name}.${namespace}.serviceaccount.identity.linkerd.cluster.local"`;
const inbound = (port: number, who: string) =>
  `request_total{direction="inbound",target_addr="10.0.0.2:${port}",target_port="${port}",${who}} 4`;
const outbound = (name: string, labels: string) =>
  `${name}{direction="outbound",target_port="8080",tls="true",${labels}} 4`;

describe('OwnTraffic', () => {
  it('counts calls of one service to another, with the version of the pod that was called', () => {
    const peer = 'dst_namespace="shop",dst_service="orders",dst_pod="orders-1"';
    expect(edgesOf(gateway, [outbound('request_total', peer)])).to.deep.equal([
      'endpoint: gateway to service orders 1.1.0',
    ]);
    expect(edgesOf(orders, [inbound(8080, identity('gateway', 'shop'))])).to.deep.equal([
      'inbound: gateway to service orders 1.1.0',
    ]);
  });

  it('passes over probes and whoever reads metrics, at the edge too', () => {
    const watches = identity('prometheus', 'observability');
    expect(edgesOf(orders, [inbound(9100, watches), inbound(4191, watches)])).to.deep.equal([]);
    expect(edgesOf(gateway, [inbound(9100, 'tls="no_identity"')])).to.deep.equal([]);
    expect(edgesOf(gateway, [inbound(8080, 'tls="no_identity"')])).to.deep.equal([
      'inbound: client to service gateway 1.0.0',
    ]);
  });

  it('passes over what comes from elsewhere in the cluster, and takes it for people at the edge', () => {
    const foreign = inbound(8080, identity('ingress', 'nginx'));
    expect(edgesOf(orders, [foreign])).to.deep.equal([]);
    const played = inbound(8080, identity('load-generator', 'shop'));
    for (const line of [foreign, played]) {
      expect(edgesOf(gateway, [line])).to.deep.equal(['inbound: client to service gateway 1.0.0']);
    }
  });

  it('passes over the collector of spans', () => {
    const peer = 'dst_namespace="observability",dst_service="collector",dst_pod="collector-1"';
    const route = 'parent_namespace="observability",parent_name="collector",http_status="200"';
    const lines = [
      outbound('request_total', peer),
      outbound('tcp_open_total', `peer="dst",${peer}`),
      `outbound_http_route_request_statuses_total{${route}} 4`,
    ];
    expect(edgesOf(orders, lines)).to.deep.equal([]);
  });

  it('tells a store from a service by what else is known of it, not by its authority', () => {
    const connected = (service: string) =>
      outbound(
        'tcp_open_total',
        `peer="dst",authority="${service}.shop.svc.cluster.local:1",dst_namespace="shop",dst_service="${service}"`,
      );
    // The provider has no sidecar, and is called by HTTP.
    const called = outbound('request_total', 'dst_namespace="shop",dst_service="provider"');
    const lines = [
      connected('postgres'),
      connected('orders-primary'),
      connected('provider'),
      called,
    ];
    expect(edgesOf(gateway, lines)).to.have.members([
      'tcp: gateway to store postgres',
      'endpoint: gateway to service provider',
    ]);
  });

  it('takes all for its own where nobody names namespaces', () => {
    const [sidecar] = gateway;
    if (sidecar === undefined) throw new Error('expected a sidecar');
    const { namespace: _, ...nameless } = sidecar;
    const traffic = new OwnTraffic([nameless], 'gateway');
    const line = outbound('request_total', 'dst_namespace="default",dst_service="orders"');
    expect(traffic.select(readExposition(line), nameless)).to.have.length(1);
  });
});
