import { parseMeshManifests } from '@faultline/mesh-control/manifests/load';
import { expect } from 'chai';
import { findShadows } from './shadow.ts';
import { canaryOf } from './testing/world.ts';

function shadows(
  matches: string,
  { service = 'podinfo', analysis = '{ stepWeight: 10 }', split = '' } = {},
) {
  const text = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: podinfo-reads, namespace: test }
spec:
  parentRefs: [{ group: core, kind: Service, name: ${service}, port: 80 }]
  rules: [{ matches: ${matches} }]
`;
  const { manifests } = parseMeshManifests([{ file: 'r.yaml', text }]);
  return findShadows([canaryOf(analysis, '', split)], manifests.routes).map(({ what }) => what);
}

const all = '{ path: { type: PathPrefix, value: / } }';
const reads = '{ method: GET, path: { type: PathPrefix, value: / } }';
const some = '{ method: PUT, path: { type: PathPrefix, value: /stock } }';
const tagged = '{ path: { type: PathPrefix, value: / }, headers: [{ name: a, value: b }] }';

describe('a route beside a Canary’s', () => {
  it('must not take everything, or a method whole', () => {
    expect(shadows(`[${all}]`)).to.deep.equal(['every request']);
    expect(shadows(`[${some}, ${reads}]`)).to.deep.equal(['every GET']);
  });

  it('may take what is not to be tried out', () => {
    expect(shadows(`[${some}, ${tagged}]`)).to.deep.equal([]);
  });

  it('may take what a Canary’s own matches leave, and nothing of what they name', () => {
    const split = 'match: [{ method: { exact: GET }, uri: { prefix: / } }]';
    expect(shadows(`[${all}]`, { split })).to.deep.equal([]);
    expect(shadows(`[${reads}]`, { split })).to.deep.equal(['every GET']);
  });

  it('does not matter on another Service, or where nothing is analysed', () => {
    expect(shadows(`[${all}]`, { service: 'other' })).to.deep.equal([]);
    expect(shadows(`[${all}]`, { analysis: '' })).to.deep.equal([]);
  });
});
