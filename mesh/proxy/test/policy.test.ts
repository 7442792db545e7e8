import type { ProxySnapshot, WireAuthorization, WireServer } from '@faultline/mesh-core/snapshot';
import { expect } from 'chai';
import { ask } from './support/http.ts';
import { TestMesh, type TestProxy } from './support/mesh.ts';
import { endpoint, service } from './support/snapshots.ts';

describe('inbound policy', () => {
  let mesh: TestMesh;
  let server: TestProxy;
  let x: TestProxy;
  let y: TestProxy;

  before(async () => {
    mesh = await TestMesh.start();
    server = await mesh.server('b', (_request, response) => response.end('served'));
    const parts = {
      services: [service()],
      endpoints: { 'a/b:80': [endpoint(server.inbound, server.identity)] },
    };
    [x, y] = await Promise.all([mesh.proxy('x'), mesh.proxy('y')]);
    await Promise.all([mesh.apply(x, parts), mesh.apply(y, parts)]);
  });

  after(() => mesh.stop());

  function server8080(parts: Partial<WireServer> = {}): Partial<ProxySnapshot> {
    const ref = { group: 'policy.linkerd.io', kind: 'server', namespace: 'a', name: 'b-http' };
    const base = { port: 8080, protocol: 'detect', authorizations: [], routes: [] } as const;
    return { servers: [{ ...base, ref, ...parts }] };
  }

  function allow(...identities: string[]): WireAuthorization {
    return {
      group: 'policy.linkerd.io',
      kind: 'authorizationpolicy',
      namespace: 'a',
      name: 'allow-x',
      authentication: { identities },
    };
  }

  const of = async (proxy: TestProxy, path = '/') =>
    (await mesh.ask(proxy, `http://b${path}`)).status;

  it('58: denies everybody where a Server has no policy, with an empty 403', async () => {
    await mesh.apply(server, server8080());
    const { status, body } = await mesh.ask(x, 'http://b/');
    expect([status, body]).to.deep.equal([403, '']);
    expect(
      await mesh.metric(server, 'inbound_http_authz_deny_total', { srv_name: 'b-http' }),
    ).to.equal(1);
  });

  it('59: lets in exactly the identities of a policy', async () => {
    await mesh.apply(server, server8080({ authorizations: [allow(x.identity)] }));
    expect(await of(x)).to.equal(200);
    expect(await of(y)).to.equal(403);
    expect((await ask(server.inbound, '/')).status, 'unmeshed').to.equal(403);
    const labels = { authz_name: 'allow-x', client_id: x.identity };
    expect(await mesh.metric(server, 'inbound_http_authz_allow_total', labels)).to.equal(1);
  });

  it('60: lets probes in where everything else is denied, by method and exact path', async () => {
    await mesh.apply(server, { ...server8080(), probePaths: ['/healthz'] });
    expect((await ask(server.inbound, '/healthz')).status).to.equal(200);
    expect((await ask(server.inbound, '/healthz', { method: 'POST' })).status).to.equal(403);
    expect((await ask(server.inbound, '/healthz/../other')).status).to.equal(400);
    expect((await ask(server.inbound, '/other')).status).to.equal(403);
  });

  it('61: with routes, answers 404 to what none matches, probes included', async () => {
    const ref = { group: 'policy.linkerd.io', kind: 'HTTPRoute', namespace: 'a', name: 'api' };
    const matches = [{ path: { type: 'PathPrefix', value: '/api' } } as const];
    const routes = [
      { ref, hostnames: [], rules: [{ matches }], authorizations: [allow(x.identity)] },
    ];
    await mesh.apply(server, { ...server8080({ routes }), probePaths: ['/healthz'] });
    expect(await of(x, '/api/1')).to.equal(200);
    expect(await of(y, '/api/1')).to.equal(403);
    expect(await of(x, '/nope')).to.equal(404);
    expect((await ask(server.inbound, '/healthz')).status).to.equal(404);
    expect(await mesh.metric(server, 'inbound_http_route_not_found_total')).to.equal(2);
  });

  it('62: lets through and labels what only audit allows', async () => {
    const audit = { ...allow(), name: 'audit', authentication: {}, audit: true };
    await mesh.apply(server, { defaultAuthorizations: [audit] });
    expect(await of(x)).to.equal(200);
    expect(
      await mesh.metric(server, 'inbound_http_authz_allow_total', { authz_name: 'audit' }),
    ).to.equal(1);
  });

  it('63: limits each identity apart, and keeps counting across snapshots', async () => {
    const rateLimit = {
      ref: {
        group: 'policy.linkerd.io',
        kind: 'HTTPLocalRateLimitPolicy',
        namespace: 'a',
        name: 'l',
      },
      identityPerSecond: 5,
      overrides: [],
    };
    const limited = server8080({ authorizations: [allow('*')], rateLimit });
    await mesh.apply(server, limited);
    const burst = await Promise.all(Array.from({ length: 20 }, () => of(x)));
    expect(burst.filter((status) => status === 200).length).to.be.within(5, 10);
    expect(burst.filter((status) => status === 429).length).to.be.within(10, 15);
    expect(await of(y)).to.equal(200);
    await Promise.all(Array.from({ length: 10 }, () => of(x)));
    await mesh.apply(server, { ...limited, version: 3 });
    const after = await Promise.all(Array.from({ length: 10 }, () => of(x)));
    expect(after.filter((status) => status === 429)).not.to.be.empty;
  });
});
