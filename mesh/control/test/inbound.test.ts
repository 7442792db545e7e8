import { authorize, type Client } from '@faultline/mesh-core/authorize';
import { expect } from 'chai';
import { rateLimitStatuses } from '../src/compile/status.ts';
import { policyReport } from '../src/report.ts';
import type { MeshInstance, World } from '../src/world.ts';
import { documents, instance, route, snapshotOf, worldOf } from './world.ts';

const head = (kind: string, name: string, version = 'v1alpha1') => ({
  apiVersion: `policy.linkerd.io/${version}`,
  kind,
  metadata: { name, namespace: 'a' },
});

function server(name = 's', spec: object = {}, created?: string): string {
  const base = head('Server', name, 'v1beta3');
  return JSON.stringify({
    ...base,
    metadata: { ...base.metadata, ...(created && { creationTimestamp: created }) },
    spec: { podSelector: { matchLabels: { app: 'b' } }, port: 'http', ...spec },
  });
}

function policy(target: object, required: object[], name = 'p'): string {
  return JSON.stringify({
    ...head('AuthorizationPolicy', name),
    spec: { targetRef: target, requiredAuthenticationRefs: required },
  });
}

const onServer = { group: 'policy.linkerd.io', kind: 'Server', name: 's' };
const tls = { group: 'policy.linkerd.io', kind: 'MeshTLSAuthentication', name: 'who' };
const network = { group: 'policy.linkerd.io', kind: 'NetworkAuthentication', name: 'where' };
const who = (...accounts: string[]) =>
  JSON.stringify({
    ...head('MeshTLSAuthentication', 'who'),
    spec: { identityRefs: accounts.map((name) => ({ kind: 'ServiceAccount', name })) },
  });
const where = JSON.stringify({
  ...head('NetworkAuthentication', 'where'),
  spec: { networks: [{ cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }] },
});

const account = (name: string, namespace = 'a') =>
  `${name}.${namespace}.serviceaccount.identity.linkerd.cluster.local`;

const inboundOf = (world: World) => snapshotOf(world, 'b-1');

/** Whether the instance b-1 lets a client in, by its Server or, without one, by the default. */
function allows(world: World, client: Partial<Client> = {}): boolean {
  const { servers, defaultAuthorizations } = inboundOf(world);
  const authorizations = servers[0]?.authorizations ?? defaultAuthorizations;
  return authorize(authorizations, { address: '10.2.3.4', identity: undefined, ...client }).allowed;
}

function withPod(change: Partial<MeshInstance>, yaml = ''): World {
  return worldOf(yaml, { instances: [instance('b', change)] });
}

describe('inbound policy', () => {
  it('row 57: by default everyone is let in', () => {
    expect(allows(worldOf(''))).to.equal(true);
    expect(inboundOf(worldOf('')).defaultAuthorizations).to.deep.equal([
      {
        group: '',
        kind: 'default',
        namespace: '',
        name: 'all-unauthenticated',
        authentication: {},
      },
    ]);
  });

  it('row 58: a Server without a policy lets nobody in', () => {
    const world = worldOf(server());
    expect(allows(world, { identity: account('x') })).to.equal(false);
    expect(inboundOf(world).servers[0]).to.deep.include({
      port: 8080,
      authorizations: [],
      ref: { group: 'policy.linkerd.io', kind: 'Server', namespace: 'a', name: 's' },
    });
  });

  it('row 59: a policy lets in the accounts that it lists', () => {
    const world = worldOf(documents(server(), policy(onServer, [tls]), who('x')));
    expect(allows(world, { identity: account('x') })).to.equal(true);
    expect(allows(world, { identity: account('y') })).to.equal(false);
    expect(allows(world, { identity: account('x', 'c') })).to.equal(false);
    expect(allows(world)).to.equal(false);
  });

  it('what one policy requires must all hold; any of several policies is enough', () => {
    const both = policy(onServer, [tls, network]);
    const world = worldOf(documents(server(), both, who('x'), where));
    expect(allows(world, { identity: account('x') })).to.equal(true);
    expect(allows(world, { identity: account('x'), address: '10.1.0.1' })).to.equal(false);
    expect(allows(world)).to.equal(false);
    const open = policy(onServer, [network], 'q');
    const either = worldOf(documents(server(), both, open, who('x'), where));
    expect(allows(either)).to.equal(true);
  });

  it('a policy for the namespace is for all its Servers; one without requirements for everyone', () => {
    const target = { kind: 'Namespace', name: 'a' };
    expect(allows(worldOf(documents(server(), policy(target, []))))).to.equal(true);
    const elsewhere = { kind: 'Namespace', name: 'c' };
    expect(allows(worldOf(documents(server(), policy(elsewhere, []))))).to.equal(false);
  });

  it('a policy whose authentication does not exist grants nothing, and is reported', () => {
    const world = worldOf(documents(server(), policy(onServer, [tls])));
    expect(allows(world, { identity: account('x') })).to.equal(false);
    expect(policyReport(world).warnings).to.deep.equal([
      'AuthorizationPolicy p: there is no MeshTLSAuthentication who, so it grants nothing',
    ]);
  });

  it('identities may be a ServiceAccount, everyone below a namespace, names or *', () => {
    const byRef = { kind: 'ServiceAccount', name: 'x' };
    const direct = worldOf(documents(server(), policy(onServer, [byRef])));
    expect(allows(direct, { identity: account('x') })).to.equal(true);
    const list = (spec: object) =>
      JSON.stringify({ ...head('MeshTLSAuthentication', 'who'), spec });
    const cases: [object, string, boolean][] = [
      [{ identityRefs: [{ kind: 'Namespace', name: 'c' }] }, account('y', 'c'), true],
      [{ identityRefs: [{ kind: 'Namespace', name: 'c' }] }, account('y'), false],
      [{ identityRefs: [{ kind: 'ServiceAccount' }] }, account('y'), true],
      [{ identities: ['*'] }, account('y'), true],
      [{ identities: [account('z')] }, account('z'), true],
      [{ identities: [account('z')] }, account('y'), false],
    ];
    for (const [spec, identity, expected] of cases) {
      const world = worldOf(documents(server(), policy(onServer, [tls]), list(spec)));
      expect(allows(world, { identity }), JSON.stringify(spec)).to.equal(expected);
      expect(allows(world)).to.equal(false);
    }
  });

  it('accessPolicy comes on top of the policies', () => {
    const open = server('s', { accessPolicy: 'all-authenticated' });
    const world = worldOf(documents(open, policy(onServer, [network]), where));
    expect(allows(world)).to.equal(true);
    expect(allows(world, { address: '192.0.2.1' })).to.equal(false);
    expect(allows(world, { address: '192.0.2.1', identity: account('x') })).to.equal(true);
  });

  it('rows 60, 62: a pod’s annotation replaces the default', () => {
    const key = 'config.linkerd.io/default-inbound-policy';
    const cases: [string, Partial<Client>, boolean][] = [
      ['deny', { identity: account('x') }, false],
      ['all-authenticated', {}, false],
      ['all-authenticated', { identity: account('x') }, true],
      ['cluster-unauthenticated', {}, true],
      ['cluster-unauthenticated', { address: '192.0.2.1' }, false],
      ['cluster-authenticated', { address: '192.0.2.1', identity: account('x') }, false],
      ['audit', {}, true],
      ['no such policy', {}, true],
    ];
    for (const [value, client, expected] of cases) {
      const world = withPod({ annotations: { [key]: value } });
      expect(allows(world, client), value).to.equal(expected);
    }
    const audit = inboundOf(withPod({ annotations: { [key]: 'audit' } }));
    expect(audit.defaultAuthorizations[0]).to.include({ name: 'audit', audit: true });
  });

  it('row 60: probes of ports in the mesh are named, each path once', () => {
    const probes = [
      { path: '/healthz', port: 'http' },
      { path: '/healthz', port: 8080 },
      { path: '/readyz', port: 'admin' },
    ];
    expect(inboundOf(withPod({ probes })).probePaths).to.deep.equal(['/healthz']);
  });

  it('row 61: routes of a Server are told with its grants and their own', () => {
    const parent = '{"group":"policy.linkerd.io","kind":"Server","name":"s"}';
    const rules = '{"matches":[{"path":{"type":"PathPrefix","value":"/api"}}]}';
    const onRoute = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'r' };
    const byAccount = { kind: 'ServiceAccount', name: 'x' };
    const world = worldOf(
      documents(
        server(),
        route({ parent, rules }),
        policy(onServer, [network]),
        policy(onRoute, [byAccount], 'q'),
        where,
      ),
    );
    const [found] = inboundOf(world).servers;
    expect(found?.authorizations.map(({ name }) => name)).to.deep.equal(['p']);
    expect(found?.routes.map(({ ref }) => ref.name)).to.deep.equal(['r']);
    expect(found?.routes[0]?.authorizations.map(({ name }) => name)).to.deep.equal(['q', 'p']);
    expect(found?.routes[0]?.rules[0]?.matches).to.deep.equal([
      { path: { type: 'PathPrefix', value: '/api' } },
    ]);
  });

  it('of two Servers for a port the older one is used and the other reported', () => {
    const yaml = documents(
      server('a-young', {}, '2026-01-02T00:00:00Z'),
      server('z-old', { port: 8080, proxyProtocol: 'opaque' }, '2026-01-01T00:00:00Z'),
    );
    const world = worldOf(yaml);
    expect(inboundOf(world).servers.map(({ ref, protocol }) => [ref.name, protocol])).to.deep.equal(
      [['z-old', 'opaque']],
    );
    expect(policyReport(world).instances[0]?.unused.map(({ name }) => name)).to.deep.equal([
      'a-young',
    ]);
  });

  it('Servers select pods by labels and expressions', () => {
    const cases: [object, boolean][] = [
      [{}, true],
      [{ matchLabels: { app: 'c' } }, false],
      [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['b', 'c'] }] }, true],
      [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['b'] }] }, false],
      [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['b'] }] }, true],
      [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, false],
      [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, true],
    ];
    for (const [podSelector, expected] of cases) {
      const found = inboundOf(worldOf(server('s', { podSelector }))).servers.length === 1;
      expect(found, JSON.stringify(podSelector)).to.equal(expected);
    }
  });

  it('row 63: a Server has one rate limit; a second is not accepted', () => {
    const limit = (name: string, created: string) =>
      JSON.stringify({
        ...head('HTTPLocalRateLimitPolicy', name),
        metadata: { name, namespace: 'a', creationTimestamp: created },
        spec: {
          targetRef: onServer,
          identity: { requestsPerSecond: 5 },
          overrides: [
            { requestsPerSecond: 9, clientRefs: [{ kind: 'ServiceAccount', name: 'x' }] },
          ],
        },
      });
    const world = worldOf(
      documents(
        server(),
        limit('second', '2026-01-02T00:00:00Z'),
        limit('z-first', '2026-01-01T00:00:00Z'),
      ),
    );
    expect(inboundOf(world).servers[0]?.rateLimit).to.deep.equal({
      ref: {
        group: 'policy.linkerd.io',
        kind: 'HTTPLocalRateLimitPolicy',
        namespace: 'a',
        name: 'z-first',
      },
      identityPerSecond: 5,
      overrides: [{ perSecond: 9, identities: [account('x')] }],
    });
    const accepted = rateLimitStatuses(world).map(({ ref, parents }) => [
      ref.name,
      parents[0]?.conditions[0]?.status,
    ]);
    expect(accepted).to.deep.equal([
      ['second', 'False'],
      ['z-first', 'True'],
    ]);
  });
});
