import { expect } from 'chai';
import fc from 'fast-check';
import { routeStatuses } from '../src/compile/status.ts';
import { routesReport } from '../src/report.ts';
import { settingsDefault, type World } from '../src/world.ts';
import { documents, instance, portOf, route, service, snapshotOf, worldOf } from './world.ts';

const backends = (...refs: object[]) => JSON.stringify({ backendRefs: refs });
const to = (name: string, weight?: number) => ({
  name,
  port: 80,
  ...(weight !== undefined && { weight }),
});

/** Status and reason of a condition of the first route's first parent. */
function conditionOf(world: World, type: string): string {
  const [status] = routeStatuses(world);
  const found = status?.parents[0]?.conditions.find((one) => one.type === type);
  return `${found?.status} ${found?.reason}`;
}

const names = (world: World, client?: string) =>
  portOf(world, 'b', client === undefined ? {} : { client }).routes.map(({ ref }) => ref.name);

describe('outbound policy', () => {
  it('row 1: without a route there is only the Service itself', () => {
    const port = portOf(worldOf(''));
    expect(port.routes).to.deep.equal([]);
    expect(port).to.include({ namespace: 'a', name: 'b', port: 80, protocol: 'detect' });
  });

  it('rows 2, 3: weights are kept, and 1 where none is written', () => {
    const world = worldOf(route({ rules: backends(to('b-1', 90), to('b-2')) }));
    const [rule] = portOf(world).routes[0]?.rules ?? [];
    expect(rule?.backends.map(({ weight }) => weight)).to.deep.equal([90, 1]);
  });

  it('row 4: a single backend keeps its weight 0, which proxies ignore', () => {
    const world = worldOf(route({ rules: backends(to('b-1', 0)) }));
    expect(portOf(world).routes[0]?.rules[0]?.backends).to.deep.equal([
      {
        weight: 0,
        filters: [],
        target: { kind: 'service', namespace: 'a', name: 'b-1', port: 80 },
      },
    ]);
  });

  it('a rule without backends has its parent', () => {
    const [rule] = portOf(worldOf(route())).routes[0]?.rules ?? [];
    expect(rule?.backends).to.deep.equal([
      { weight: 1, filters: [], target: { kind: 'service', namespace: 'a', name: 'b', port: 80 } },
    ]);
    expect(rule?.matches).to.deep.equal([{ path: { type: 'PathPrefix', value: '/' } }]);
  });

  it('row 8: a missing Service keeps its share and says so; the route is accepted', () => {
    const world = worldOf(route({ rules: backends(to('b-1', 50), to('gone', 50)) }));
    expect(portOf(world).routes[0]?.rules[0]?.backends[1]).to.deep.equal({
      weight: 50,
      filters: [],
      target: { kind: 'invalid', message: 'Service not found gone' },
    });
    expect(conditionOf(world, 'Accepted')).to.equal('True Accepted');
    expect(conditionOf(world, 'ResolvedRefs')).to.equal('False BackendNotFound');
  });

  it('backends of another kind or without a port answer 500', () => {
    const refs = [{ name: 'x', kind: 'Thing', group: 'g' }, { name: 'b-1' }];
    const world = worldOf(route({ rules: backends(...refs) }));
    const targets = portOf(world).routes[0]?.rules[0]?.backends.map(({ target }) => target);
    expect(targets).to.deep.equal([
      { kind: 'invalid', message: 'unsupported backend type g Thing' },
      { kind: 'invalid', message: 'missing port for backend Service b-1' },
    ]);
    expect(conditionOf(world, 'ResolvedRefs')).to.equal('False InvalidKind');
  });

  it('row 11: routes are ordered by age, then name; those without a time come last', () => {
    const times = { z: '2026-01-01T00:00:00Z', a: '2026-01-02T00:00:00Z' };
    const texts = [
      route({ name: 'm' }),
      route({ name: 'a', created: times.a }),
      route({ name: 'c' }),
      route({ name: 'z', created: times.z }),
    ];
    expect(names(worldOf(documents(...texts)))).to.deep.equal(['z', 'a', 'c', 'm']);
  });

  it('the order of files and documents is no order', () => {
    const objects = fc.uniqueArray(
      fc.record({
        name: fc.stringMatching(/^[a-z]{1,6}$/),
        day: fc.option(fc.integer({ min: 10, max: 12 }), { nil: undefined }),
      }),
      { selector: ({ name }) => name, minLength: 2, maxLength: 6 },
    );
    fc.assert(
      fc.property(objects, (routes) => {
        const text = ({ name, day }: { name: string; day: number | undefined }) =>
          route({ name, ...(day !== undefined && { created: `2026-01-${day}T00:00:00Z` }) });
        const forwards = names(worldOf(documents(...routes.map(text))));
        expect(names(worldOf(documents(...routes.toReversed().map(text))))).to.deep.equal(forwards);
      }),
      { numRuns: 15 },
    );
  });

  it('row 16: routes of consumers are merged in for their own namespace only', () => {
    const yaml = documents(
      route({ name: 'producer', created: '2026-01-02T00:00:00Z' }),
      route({ name: 'consumer', namespace: 'c', created: '2026-01-01T00:00:00Z' }),
    );
    const instances = [instance('client'), instance('other', { namespace: 'c' })];
    const world = worldOf(yaml, { instances });
    expect(names(world)).to.deep.equal(['producer']);
    expect(names(world, 'other-1')).to.deep.equal(['consumer', 'producer']);
  });

  it('backends of consumers without a namespace are in the parent’s; people are warned', () => {
    const world = worldOf(route({ namespace: 'c', rules: backends(to('b-1')) }), {
      instances: [instance('client', { namespace: 'c' })],
    });
    const [target] = portOf(world).routes[0]?.rules[0]?.backends ?? [];
    expect(target?.target).to.include({ kind: 'service', namespace: 'a', name: 'b-1' });
    expect(conditionOf(world, 'ResolvedRefs')).to.equal('False BackendNotFound');
    expect(routesReport(world).warnings).to.have.length(1);
  });

  it('row 17: a route for another port is not applied', () => {
    expect(names(worldOf(route({ parent: '{"port":81}' })))).to.deep.equal([]);
    expect(names(worldOf(route({ parent: '{"port":80}' })))).to.deep.equal(['r']);
  });

  it('row 18: a headless or absent Service is no parent and has no routes', () => {
    const headless = worldOf(route(), { services: [service('b', { hasClusterIp: false })] });
    expect(conditionOf(headless, 'Accepted')).to.equal('False NoMatchingParent');
    expect(portOf(headless)).to.include({ headless: true });
    expect(portOf(headless).routes).to.deep.equal([]);
    const nameless = service('b', { hasClusterIp: false, selector: {} });
    expect(snapshotOf(worldOf('', { services: [nameless] })).services).to.deep.equal([]);
    expect(snapshotOf(headless).endpoints['a/b:80']).to.have.length(1);
    const absent = worldOf(route({ parent: '{"name":"gone"}' }));
    expect(conditionOf(absent, 'Accepted')).to.equal('False NoMatchingParent');
  });

  it('row 19: a GRPCRoute on the same parent and port displaces the HTTPRoute', () => {
    const grpc = route({ name: 'g' }).replace('HTTPRoute', 'GRPCRoute');
    const world = worldOf(documents(route(), grpc));
    expect(conditionOf(world, 'Accepted')).to.equal('False RouteReasonConflicted');
    expect(names(world)).to.deep.equal([]);
    const elsewhere = worldOf(
      documents(
        route({ parent: '{"port":80}' }),
        grpc.replace('"a","name":"b"', '"a","name":"b-1"'),
      ),
    );
    expect(conditionOf(elsewhere, 'Accepted')).to.equal('True Accepted');
  });

  it('a parent that is a Gateway is not ours: it gets no status', () => {
    const gateway = '{"kind":"Gateway","group":"gateway.networking.k8s.io"}';
    const world = worldOf(route({ parent: gateway }));
    expect(routeStatuses(world)[0]?.parents).to.deep.equal([]);
    expect(names(world)).to.deep.equal([]);
  });

  it('status echoes the core group and what was written, never a generation unless asked', () => {
    const world = worldOf(route({ parent: '{"group":"","port":80}' }));
    const [parent] = routeStatuses(world)[0]?.parents ?? [];
    const parentRef = { group: 'core', kind: 'Service', namespace: 'a', name: 'b', port: 80 };
    expect(parent).to.deep.include({ controllerName: 'linkerd.io/policy-controller', parentRef });
    expect(parent?.conditions[0]).not.to.have.property('observedGeneration');
    const settings = { ...settingsDefault, strictStatus: false };
    const [helpful] = routeStatuses({ ...world, settings })[0]?.parents ?? [];
    expect(helpful?.conditions[0]).to.include({ observedGeneration: 1 });
  });

  it('row 22: an unsupported filter voids the route, or the backend that has it', () => {
    const mirror = { type: 'RequestMirror', requestMirror: {} };
    const whole = worldOf(route({ rules: JSON.stringify({ filters: [mirror] }) }));
    expect(names(whole)).to.deep.equal([]);
    const ref = { ...to('b-2'), filters: [mirror] };
    const one = worldOf(route({ rules: backends(to('b-1'), ref) }));
    expect(portOf(one).routes[0]?.rules[0]?.backends.map(({ target }) => target)).to.deep.equal([
      { kind: 'service', namespace: 'a', name: 'b-1', port: 80 },
      { kind: 'invalid', message: 'unsupported backend filter' },
    ]);
  });

  it('on routes of policy.linkerd.io replies’ headers are requests’ headers', () => {
    const filter = {
      type: 'ResponseHeaderModifier',
      responseHeaderModifier: { remove: ['x-a'] },
    };
    const rules = JSON.stringify({ filters: [filter] });
    const [linkerds, gateways] = ['policy.linkerd.io/v1beta3', 'gateway.networking.k8s.io/v1'].map(
      (apiVersion) =>
        portOf(worldOf(route({ apiVersion, rules }))).routes[0]?.rules[0]?.filters[0]?.type,
    );
    expect(linkerds).to.equal('RequestHeaderModifier');
    expect(gateways).to.equal('ResponseHeaderModifier');
  });

  it('rows 20, 21: modifiers and redirects are told as written, 302 by default', () => {
    const filters = [
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { set: [{ name: 'x', value: '1' }] },
      },
      { type: 'RequestRedirect', requestRedirect: { hostname: 'ex.test' } },
    ];
    const world = worldOf(route({ rules: JSON.stringify({ filters }) }));
    expect(portOf(world).routes[0]?.rules[0]?.filters).to.deep.equal([
      { type: 'RequestHeaderModifier', set: [{ name: 'x', value: '1' }], add: [], remove: [] },
      { type: 'RequestRedirect', hostname: 'ex.test', status: 302 },
    ]);
  });

  it('row 24: a Service port’s appProtocol decides before opaque ports', () => {
    const cases: [string | undefined, number, string][] = [
      ['http', 6379, 'http'],
      ['kubernetes.io/h2c', 80, 'h2'],
      ['linkerd.io/opaque', 80, 'opaque'],
      ['linkerd.io/tcp', 80, 'opaque'],
      ['redis', 80, 'opaque'],
      [undefined, 80, 'detect'],
      [undefined, 6379, 'opaque'],
    ];
    for (const [appProtocol, port, expected] of cases) {
      const ports = [{ port, target: 'http', appProtocol }];
      const world = worldOf(route(), { services: [service('b', { ports })] });
      const found = portOf(world, 'b', { port });
      expect(found.protocol, `${appProtocol} ${port}`).to.equal(expected);
      expect(found.routes).to.have.length(expected === 'opaque' ? 0 : 1);
    }
    const annotations = { 'config.linkerd.io/opaque-ports': '70-80,443' };
    const world = worldOf('', { services: [service('b', { annotations })] });
    expect(portOf(world).protocol).to.equal('opaque');
  });

  it('row 25: a ServiceProfile with a route switches routes, annotations and breaker off', () => {
    const annotations = {
      'balancer.linkerd.io/failure-accrual': 'consecutive',
      'timeout.linkerd.io/request': '1s',
    };
    const profile = (routes: string) =>
      `{apiVersion: linkerd.io/v1alpha2, kind: ServiceProfile,
        metadata: {name: b.a.svc.cluster.local, namespace: a}, spec: {routes: ${routes}}}`;
    const services = [service('b', { annotations })];
    const off = worldOf(documents(route(), profile('[{name: x, condition: {method: GET}}]')), {
      services,
    });
    expect(portOf(off)).to.deep.include({ routes: [], timeouts: {} });
    expect(portOf(off)).not.to.have.property('accrual');
    expect(routesReport(off).warnings[0]).to.include('ServiceProfile of b replaces its HTTPRoutes');
    const on = worldOf(documents(route(), profile('[]')), { services });
    expect(portOf(on).routes).to.have.length(1);
    expect(portOf(on).accrual).to.include({ maxFailures: 7 });
  });
});

describe('timeouts and retries', () => {
  const slow = {
    services: [service('b', { annotations: { 'timeout.linkerd.io/request': '300ms' } })],
  };
  const timeoutsOf = (world: World) => portOf(world).routes[0]?.rules[0]?.timeouts;

  it('row 26: a Service’s timeout is the default route’s, and a route’s that has none', () => {
    expect(portOf(worldOf('', slow)).timeouts).to.deep.equal({ requestMs: 300 });
    expect(timeoutsOf(worldOf(route(), slow))).to.deep.equal({ requestMs: 300 });
  });

  it('row 27: any timeout of a route replaces the Service’s whole set', () => {
    const annotations = { 'timeout.linkerd.io/idle': '5s' };
    expect(timeoutsOf(worldOf(route({ annotations }), slow))).to.deep.equal({ idleMs: 5_000 });
  });

  it('row 28: the annotation counts before the rule’s own timeout', () => {
    const rules = '{"timeouts":{"request":"300ms"}}';
    const annotations = { 'timeout.linkerd.io/request': '900ms' };
    expect(timeoutsOf(worldOf(route({ rules, annotations })))).to.deep.equal({ requestMs: 900 });
    expect(timeoutsOf(worldOf(route({ rules })))).to.deep.equal({ requestMs: 300 });
  });

  it('row 29: Gateway API durations and backendRequest are ignored, Go’s on Linkerd’s own', () => {
    const compound = '{"timeouts":{"request":"1m30s"}}';
    expect(timeoutsOf(worldOf(route({ rules: compound })))).to.deep.equal({});
    const rules = '{"timeouts":{"backendRequest":"100ms"}}';
    expect(timeoutsOf(worldOf(route({ rules })))).to.deep.equal({});
    const apiVersion = 'policy.linkerd.io/v1beta3';
    expect(timeoutsOf(worldOf(route({ rules: compound, apiVersion })))).to.deep.equal({
      requestMs: 90_000,
    });
  });

  it('rows 32, 39: mistakes on a Service are ignored with a warning, on a route refused', () => {
    const services = [service('b', { annotations: { 'timeout.linkerd.io/request': '5' } })];
    const world = worldOf('', { services });
    expect(portOf(world).timeouts).to.deep.equal({});
    expect(routesReport(world).warnings[0]).to.include('timeout.linkerd.io/request');
    for (const annotations of [
      { 'timeout.linkerd.io/request': '5' },
      { 'retry.linkerd.io/http': '5xx, 404' },
    ]) {
      expect(() => worldOf(route({ annotations }))).to.throw('metadata.annotations');
    }
  });

  it('a route’s retries replace the Service’s whole set; the limit 0 is 1', () => {
    const services = [
      service('b', {
        annotations: { 'retry.linkerd.io/http': '5xx', 'retry.linkerd.io/timeout': '1s' },
      }),
    ];
    const annotations = { 'retry.linkerd.io/limit': '0' };
    const retryOf = (yaml: string) =>
      portOf(worldOf(yaml, { services })).routes[0]?.rules[0]?.retry;
    expect(retryOf(route({ annotations }))).to.deep.equal({
      statuses: [],
      grpcStatuses: [],
      limit: 1,
    });
    expect(retryOf(route())).to.deep.include({ statuses: [[500, 599]], timeoutMs: 1_000 });
  });

  it('row 49: the breaker is the parent Service’s, never a backend’s', () => {
    const annotations = { 'balancer.linkerd.io/failure-accrual': 'consecutive' };
    const yaml = route({ rules: backends(to('b-1')) });
    const onBackend = worldOf(yaml, { services: [service('b'), service('b-1', { annotations })] });
    expect(portOf(onBackend)).not.to.have.property('accrual');
    const onParent = worldOf(yaml, { services: [service('b', { annotations }), service('b-1')] });
    expect(portOf(onParent).accrual).to.include({ maxFailures: 7 });
    const odd = { 'balancer.linkerd.io/failure-accrual': 'sometimes' };
    const world = worldOf('', { services: [service('b', { annotations: odd })] });
    expect(portOf(world)).not.to.have.property('accrual');
    expect(routesReport(world).warnings).to.have.length(1);
  });
});

describe('endpoints', () => {
  it('are the ready instances that a Service selects, with identity where they are meshed', () => {
    const instances = [
      instance('b', { version: '1.2.3', templateHash: 'abcde' }),
      instance('b', { name: 'b-2', meshed: false }),
      instance('b', { name: 'b-3' }),
      instance('b', { name: 'b-4', namespace: 'c' }),
      instance('client'),
    ];
    const ready = new Set(['b-1', 'b-2', 'b-4', 'client-1']);
    const { endpoints } = snapshotOf(worldOf('', { instances, ready }));
    expect(endpoints['a/b:80']).to.deep.equal([
      {
        socket: { path: '/run/b-1.sock' },
        identity: 'b.a.serviceaccount.identity.linkerd.cluster.local',
        labels: {
          dst_namespace: 'a',
          dst_pod: 'b-1',
          dst_deployment: 'b',
          dst_serviceaccount: 'b',
          dst_pod_template_hash: 'abcde',
          dst_version: '1.2.3',
        },
      },
      {
        socket: { path: '/run/b-1.sock' },
        labels: {
          dst_namespace: 'a',
          dst_pod: 'b-2',
          dst_deployment: 'b',
          dst_serviceaccount: 'b',
        },
      },
    ]);
    expect(endpoints['a/b-1:80']).to.deep.equal([]);
  });
});
