import { expect } from 'chai';
import { parseMeshManifests } from '../src/manifests/load.ts';
import { ManifestError } from '../src/manifests/problem.ts';

const route = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: r
  annotations:
    retry.linkerd.io/http: gateway-error
spec:
  parentRefs:
    - { group: core, kind: Service, name: b, port: 80 }
  rules:
    - matches:
        - path: { type: PathPrefix, value: /x }
      backendRefs:
        - { name: b-1, port: 80, weight: 1 }
        - { name: b-2, port: 80, weight: 0 }
`;

const policy = `
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: { name: p }
spec:
  targetRef: { group: policy.linkerd.io, kind: Server, name: s }
  requiredAuthenticationRefs:
    - { group: policy.linkerd.io, kind: MeshTLSAuthentication, name: m }
`;

/** What is wrong with a text, one line each. */
function problemsOf(text: string, { strict = true } = {}): string[] {
  try {
    parseMeshManifests([{ file: 'mesh/x.yaml', text }], { strict });
    return [];
  } catch (error) {
    expect(error).to.be.instanceOf(ManifestError);
    return error instanceof ManifestError ? error.message.split('\n') : [];
  }
}

const rule = (yaml: string) => route.replace('    - matches:', `    - ${yaml}\n      matches:`);

/** Refused in either mode. */
const wrong: [what: string, text: string, expected: RegExp][] = [
  [
    'an unknown field',
    route.replace('matches:', 'match:'),
    /^mesh\/x\.yaml:12:7 spec\.rules\[0\]\.match: not a field that the mesh knows$/,
  ],
  [
    'an unknown kind',
    'kind: Ingress',
    /^mesh\/x\.yaml:1:1 kind: 'Ingress' is not supported by the/,
  ],
  [
    'a TCPRoute, with the reason',
    'kind: TCPRoute',
    /'TCPRoute' is not supported by the mesh: the embedded mesh routes HTTP only/,
  ],
  ['an unknown version', route.replace('/v1\n', '/v2\n'), /:2:1 apiVersion: Invalid option/],
  [
    'a blank in a retry list',
    route.replace('gateway-error', '5xx, 404'),
    /^mesh\/x\.yaml:7:5 metadata\.annotations\.retry\.linkerd\.io\/http: ' 404' is not 5xx/,
  ],
  [
    'a timeout without a unit',
    route.replace('retry.linkerd.io/http: gateway-error', 'timeout.linkerd.io/request: "5"'),
    /timeout\.linkerd\.io\/request: '5' is not a duration/,
  ],
  [
    'a number where annotations need a string',
    route.replace('gateway-error', '500'),
    /retry\.linkerd\.io\/http: expected a string; quote numbers/,
  ],
  [
    'weights that are all 0',
    route.replace('weight: 1', 'weight: 0'),
    /^mesh\/x\.yaml:14:7 spec\.rules\[0\]\.backendRefs: all weights are 0/,
  ],
  [
    'a pattern that Rust has not',
    route.replace('PathPrefix, value: /x', 'RegularExpression, value: "/(?=x)"'),
    /path\.value: not a pattern Linkerd can compile/,
  ],
  [
    'a pattern that is broken',
    route.replace('PathPrefix, value: /x', 'RegularExpression, value: "/("'),
    /path\.value/,
  ],
  [
    'a path without /',
    route.replace('value: /x', 'value: x'),
    /path\.value: expected a path that starts/,
  ],
  [
    'a port of 0',
    route.replace('port: 80, weight: 1', 'port: 0'),
    /backendRefs\[0\]\.port: Too small/,
  ],
  [
    'a filter without its settings',
    rule('filters: [{ type: RequestRedirect }]'),
    /filters\[0\]\.requestRedirect: expected by RequestRedirect/,
  ],
  ['the same name twice', `${route}---${route}`, /metadata\.name: 'r' is also in mesh\/x\.yaml$/],
  ['broken YAML', route.replace('spec:', 'spec: ]'), /^mesh\/x\.yaml:8:\d+ /],
  [
    'a policy for a Service',
    policy.replace('kind: Server', 'kind: Service'),
    /spec\.targetRef: expected a Server, HTTPRoute or Namespace with its group/,
  ],
  [
    'a policy for another namespace',
    policy.replace('name: s', 'name: s, namespace: other'),
    /targetRef\.namespace: a policy applies to its own namespace only/,
  ],
  [
    'two authentications of identities',
    policy + policy.slice(policy.indexOf('    - {')),
    /requiredAuthenticationRefs: at most one/,
  ],
  [
    'an authentication of another kind',
    policy.replace('MeshTLSAuthentication', 'Password'),
    /requiredAuthenticationRefs\[0\]: expected MeshTLSAuthentication, /,
  ],
  [
    'a network that is none',
    'apiVersion: policy.linkerd.io/v1alpha1\nkind: NetworkAuthentication\nmetadata: { name: n }\nspec: { networks: [{ cidr: 10.0.0.0/99 }] }',
    /networks\[0\]\.cidr: expected a network such as/,
  ],
];

/** Refused when strict; otherwise as Linkerd does, with a warning. */
const ineffective: [what: string, text: string, expected: RegExp][] = [
  [
    'RequestMirror',
    rule('filters: [{ type: RequestMirror, requestMirror: {} }]'),
    /filters\[0\]\.type: Linkerd does not support RequestMirror and drops the whole route/,
  ],
  ['URLRewrite', rule('filters: [{ type: URLRewrite }]'), /does not support URLRewrite/],
  [
    'a mirror of one backend',
    route.replace('weight: 1 }', 'filters: [{ type: RequestMirror }] }'),
    /backendRefs\[0\]\.filters\[0\]\.type: .* answers 500 for the whole backend/,
  ],
  [
    'rule.retry',
    rule('retry: { attempts: 2 }'),
    /rules\[0\]\.retry: Linkerd ignores it; use the annot/,
  ],
  ['session persistence', rule('sessionPersistence: {}'), /sessionPersistence: Linkerd ignores it/],
  [
    'a compound duration',
    rule('timeouts: { request: 1m30s }'),
    /timeouts\.request: '1m30s' is ignored by Linkerd: expected one number/,
  ],
  [
    'backendRequest',
    rule('timeouts: { backendRequest: 1s }'),
    /backendRequest: Linkerd ignores it/,
  ],
  [
    'the weight of a single backend',
    route.replace(/\n.*b-1, port.*/, ''),
    /backendRefs\[0\]\.weight: Linkerd ignores the weight of a single backend/,
  ],
  [
    'a Gateway as parent',
    route.replace('kind: Service', 'kind: Gateway'),
    /parentRefs\[0\]\.kind: Linkerd impl/,
  ],
  [
    'an annotation that nobody reads',
    route.replace('retry.linkerd.io/http', 'retry.linkerd.io/https'),
    /retry\.linkerd\.io\/https: Linkerd knows no such annotation/,
  ],
  [
    'a breaker on a route',
    route.replace('retry.linkerd.io/http', 'balancer.linkerd.io/failure-accrual'),
    /has no effect on a route/,
  ],
  ['a backend without a port', route.replace('port: 80, weight: 1', 'weight: 1'), /write its port/],
  [
    'GRPCRoute',
    route.replace('HTTPRoute', 'GRPCRoute'),
    /kind: the embedded mesh does not route gRPC/,
  ],
  [
    'a retry in a ServiceProfile',
    'apiVersion: linkerd.io/v1alpha2\nkind: ServiceProfile\nmetadata: { name: b.a.svc.cluster.local }\nspec: { routes: [{ name: x, condition: {}, isRetryable: true }] }',
    /spec\.routes\[0\]\.isRetryable: the embedded mesh does not follow ServiceProfiles/,
  ],
];

describe('manifests of the mesh', () => {
  for (const [what, text, expected] of wrong) {
    it(`are refused with file, line and field for ${what}`, () => {
      expect(problemsOf(text).join('\n')).to.match(expected);
      expect(problemsOf(text, { strict: false }), 'lenient').not.to.deep.equal([]);
    });
  }

  for (const [what, text, expected] of ineffective) {
    it(`are refused, or read with a warning as Linkerd reads them, for ${what}`, () => {
      expect(problemsOf(text).join('\n')).to.match(expected);
      const { warnings } = parseMeshManifests([{ file: 'x.yaml', text }], { strict: false });
      expect(warnings.map(({ path, message }) => `${path}: ${message}`).join('\n')).to.match(
        expected,
      );
    });
  }

  it('may leave out the group of a parent, with a warning for the cluster', () => {
    const text = route.replace('group: core, ', '');
    const { warnings } = parseMeshManifests([{ file: 'x.yaml', text }]);
    expect(warnings[0]?.message).to.include('write group: core');
  });

  it('are reported with all that is wrong at once', () => {
    const text = rule('retry: {}').replace('value: /x', 'value: x');
    expect(problemsOf(`${text}---${policy.replace('kind: Server', 'kind: Pod')}`)).to.have.length(
      2,
    );
    expect(problemsOf(rule('retry: {}').replace('gateway-error', 'x'))).to.have.length(2);
  });

  it('without a namespace are in the default one', () => {
    const { manifests } = parseMeshManifests([{ file: 'x.yaml', text: route }]);
    expect(manifests.routes[0]?.ref.namespace).to.equal('default');
    expect(manifests.routes[0]?.parents[0]?.namespace).to.equal('default');
  });
});
