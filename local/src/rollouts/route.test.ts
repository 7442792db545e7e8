import { parseMeshManifests } from '@faultline/mesh-control/manifests/load';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { primaryLabels, selectorsOf, versionLabel } from './pods.ts';
import { readWeights, routeOf } from './route.ts';
import { canaryOf } from './testing/world.ts';

const analysis = '{ interval: 10s, stepWeight: 20 }';

describe('a Canary’s HTTPRoute', () => {
  it('is the one that Flagger makes, and one that the mesh takes', () => {
    const route = routeOf(canaryOf(analysis), { primary: 80, canary: 20 });
    expect(route.metadata).to.deep.include({ name: 'podinfo', namespace: 'test' });
    expect(route.spec).to.deep.equal({
      parentRefs: [{ group: 'core', kind: 'Service', name: 'podinfo', port: 80 }],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [
            { group: '', kind: 'Service', name: 'podinfo-primary', port: 80, weight: 80 },
            { group: '', kind: 'Service', name: 'podinfo-canary', port: 80, weight: 20 },
          ],
        },
      ],
    });
    const { manifests } = parseMeshManifests([{ file: 'r.yaml', text: stringify(route) }]);
    expect(manifests.routes[0]?.rules[0]?.backends.map(({ weight }) => weight)).to.deep.equal([
      80, 20,
    ]);
  });

  it('splits off those who match for an A/B test, whatever else the route asks for', () => {
    const canary = canaryOf(
      '{ interval: 10s, iterations: 2, match: [{ headers: { x-tester: { exact: "yes" } } }, { headers: { cookie: { regex: ".*beta.*" } } }] }',
    );
    const { rules } = routeOf(canary, { primary: 0, canary: 100 }).spec;
    const path = { type: 'PathPrefix', value: '/' };
    expect(rules.map(({ matches }) => matches)).to.deep.equal([
      [
        { path, headers: [{ type: 'Exact', name: 'x-tester', value: 'yes' }] },
        { path, headers: [{ type: 'RegularExpression', name: 'cookie', value: '.*beta.*' }] },
      ],
      [{ path }],
    ]);
    expect(rules[1]?.backendRefs.map(({ name, weight }) => `${name} ${weight}`)).to.deep.equal([
      'podinfo-primary 100',
    ]);
  });
});

describe('a route’s weights', () => {
  // Row 70: Linkerd tells a parent back with group, namespace, name and port, and no generation.
  const refs = (ref: string, provider: string) => {
    const canary = canaryOf(analysis, `provider: ${provider}`);
    const [named] = canaryOf(analysis).service.gatewayRefs;
    const parent = { group: 'core', kind: 'Service', name: 'podinfo', port: 80 } as const;
    if (!named) throw new Error('there is no parent');
    const full = ref === 'full' ? { ...parent, namespace: 'test' } : parent;
    return { ...canary, service: { ...canary.service, gatewayRefs: [full] } };
  };
  const status = { type: 'Accepted', status: 'True' };
  const echo = { group: 'core', kind: 'Service', namespace: 'test', name: 'podinfo', port: 80 };

  function read(ref: 'full' | 'short', provider: string, observedGeneration?: number) {
    const canary = refs(ref, provider);
    const route = routeOf(canary, { primary: 80, canary: 20 });
    const conditions = [
      { ...status, ...(observedGeneration !== undefined && { observedGeneration }) },
    ];
    return readWeights(canary, {
      route,
      generation: 2,
      parents: [{ parentRef: echo, conditions }],
    });
  }

  it('are not read by gatewayapi:v1 while nobody says which generation is in force', () => {
    expect(read('full', 'gatewayapi:v1')).to.deep.equal({
      error:
        'HTTPRoute podinfo.test parent podinfo is not ready ' +
        '(status: True, observed generation: 0, current generation: 2)',
    });
    expect(read('full', 'gatewayapi:v1', 2)).to.deep.equal({ primary: 80, canary: 20 });
  });

  it('are read by gatewayapi:v1beta1, and where parents are named less exactly', () => {
    expect(read('full', 'gatewayapi:v1beta1')).to.deep.equal({ primary: 80, canary: 20 });
    expect(read('short', 'gatewayapi:v1')).to.deep.equal({ primary: 80, canary: 20 });
  });
});

describe('the two versions’ pods', () => {
  const selector = { 'app.kubernetes.io/name': 'orders' };

  it('are told apart by the first label that Flagger knows', () => {
    expect(versionLabel({ name: 'b', app: 'a' })).to.deep.equal({ key: 'app', value: 'a' });
    expect(primaryLabels({ ...selector, tier: 'x' }, selector)).to.deep.equal({
      'app.kubernetes.io/name': 'orders-primary',
      tier: 'x',
    });
    expect(() => versionLabel({ tier: 'x' })).to.throw('expected one of app, name');
  });

  it('are behind Services of their own, and the primary’s behind the old one too', () => {
    const key = 'app.kubernetes.io/name';
    expect([...selectorsOf(canaryOf(analysis), selector)]).to.deep.equal([
      ['podinfo', { [key]: 'orders-primary' }],
      ['podinfo-primary', { [key]: 'orders-primary' }],
      ['podinfo-canary', { [key]: 'orders' }],
    ]);
  });
});
