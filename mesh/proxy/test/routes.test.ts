import { expect } from 'chai';

import { ask } from './support/http.ts';
import { until } from './support/poll.ts';
import { connectThrough } from './support/tunnel.ts';
import { TestMesh, type TestProxy } from './support/mesh.ts';
import { backend, route, rule, service } from './support/snapshots.ts';

describe('routes of a Service', () => {
  let mesh: TestMesh;
  let client: TestProxy;
  let servers: Record<'b' | 'b-1' | 'b-2', Awaited<ReturnType<TestMesh['server']>>>;

  before(async () => {
    mesh = await TestMesh.start();
    client = await mesh.proxy('client');
    const server = (name: string) =>
      mesh.server(name, (request, response) => {
        response.setHeader('served-by', name);
        response.setHeader('l5d-proxy-error', 'forged by the app');
        response.end(JSON.stringify(request.headers));
      });
    servers = { b: await server('b'), 'b-1': await server('b-1'), 'b-2': await server('b-2') };
  });

  after(() => mesh.stop());

  const names = ['b', 'b-1', 'b-2'] as const;

  async function apply(routes: ReturnType<typeof route>[], without: string[] = []): Promise<void> {
    await mesh.apply(client, {
      services: names.map((name) => service({ name, ...(name === 'b' && { routes }) })),
      endpoints: Object.fromEntries(
        names
          .filter((name) => !without.includes(name))
          .map((name) => [`a/${name}:80`, [servers[name].endpoint]]),
      ),
    });
  }

  async function shares(count: number): Promise<Record<string, number>> {
    const seen: Record<string, number> = {};
    for (let index = 0; index < count; index++) {
      const { status, headers } = await mesh.ask(client, 'http://b/');
      const key = status === 200 ? String(headers['served-by']) : String(status);
      seen[key] = (seen[key] ?? 0) + 1;
    }
    return seen;
  }

  it('1: without one, requests go to the Service by the default route', async () => {
    await apply([]);
    const { status, headers, body } = await mesh.ask(client, 'http://b/');
    expect(status).to.equal(200);
    expect(headers['served-by']).to.equal('b');
    expect(headers, 'what a backend forges').not.to.have.property('l5d-proxy-error');
    expect(JSON.parse(body)['l5d-client-id']).to.equal(client.identity);
    const labels = { route_kind: 'default', route_name: 'http' };
    await until(async () => {
      return (await mesh.metric(client, 'outbound_http_route_request_statuses_total', labels)) > 0;
    });
  });

  it('finds Services by every name of the cluster', async () => {
    for (const host of ['b', 'b.a', 'b.a.svc', 'b.a.svc.cluster.local', 'B.a:80', 'b.a.']) {
      expect((await mesh.ask(client, `http://${host}/`)).status, host).to.equal(200);
    }
  });

  it('answers 502 for a Service or port that does not exist', async () => {
    const missing = await mesh.ask(client, 'http://nowhere/');
    expect(missing.status).to.equal(502);
    expect(missing.headers['l5d-proxy-error']).to.equal('no such service: nowhere');
    const { headers } = await mesh.ask(client, 'http://b:81/');
    expect(headers['l5d-proxy-error']).to.equal('service b has no port 81');
  });

  it('2, 3: splits by weight', async () => {
    await apply([
      route('r', { rules: [rule({ backends: [backend('b-1', 3), backend('b-2', 1)] })] }),
    ]);
    const seen = await shares(200);
    expect(seen['b-2']).to.be.within(28, 74);
    expect((seen['b-1'] ?? 0) + (seen['b-2'] ?? 0)).to.equal(200);
  });

  it('4: sends everything to a single backend of weight 0', async () => {
    await apply([route('r', { rules: [rule({ backends: [backend('b-1', 0)] })] })]);
    expect(await shares(5)).to.deep.equal({ 'b-1': 5 });
  });

  it('5, 6, 7: fails fast on an empty backend, then uses the others until it is back', async () => {
    const rules = [rule({ backends: [backend('b-1', 1), backend('b-2', 1)] })];
    await apply([route('r', { rules })], ['b-2']);
    const first = await Promise.all(
      Array.from({ length: 20 }, () => mesh.ask(client, 'http://b/')),
    );
    const late = first.filter(({ status }) => status === 504);
    expect(late).not.to.be.empty;
    expect(late[0]?.headers['l5d-proxy-error']).to.equal(
      'logical service b.a.svc.cluster.local:80: route httproute.r: ' +
        'backend Service.a.b-2:80: service in fail-fast',
    );
    expect(late[0]?.headers['connection']).to.equal('close');
    expect(Math.min(...late.map(({ ms }) => ms))).to.be.within(140, 600);
    expect(await shares(20)).to.deep.equal({ 'b-1': 20 });
    await apply([route('r', { rules })]);
    expect((await shares(60))['b-2']).to.be.within(15, 45);
  });

  it('5: never uses a backend of weight 0, even when all others are gone', async () => {
    const rules = [rule({ backends: [backend('b-1', 1), backend('b-2', 0)] })];
    await apply([route('r', { rules })], ['b-1']);
    expect((await mesh.ask(client, 'http://b/')).status).to.equal(504);
    const { status, ms, headers } = await mesh.ask(client, 'http://b/');
    expect(status).to.equal(503);
    expect(ms).to.be.below(100);
    expect(headers['l5d-proxy-error']).to.contain('service unavailable');
  });

  it('8: keeps the share of a backend that does not exist', async () => {
    const missing = {
      weight: 1,
      filters: [],
      target: { kind: 'invalid', message: 'Service not found gone' } as const,
    };
    await apply([route('r', { rules: [rule({ backends: [backend('b-1'), missing] })] })]);
    const seen = await shares(100);
    expect(seen['500']).to.be.within(30, 70);
  });

  it('9, 10, 12, 13: picks the rule, and answers 404 when none matches', async () => {
    const path = (value: string) => ({ path: { type: 'PathPrefix', value } as const });
    await apply([
      route('r', {
        rules: [
          rule({ matches: [{ ...path('/foo'), method: 'POST' }], backends: [backend('b-1')] }),
          rule({
            matches: [
              { ...path('/foo'), headers: [{ name: 'X', match: { type: 'Exact', value: '1' } }] },
            ],
            backends: [backend('b-2')],
          }),
          rule({ matches: [path('/foo')], backends: [backend('b')] }),
        ],
      }),
    ]);
    const by = async (method: string, headers: Record<string, string> = {}) =>
      (await mesh.ask(client, 'http://b/foo/bar', { method, headers })).headers['served-by'];
    expect(await by('POST')).to.equal('b-1');
    expect(await by('POST', { x: '1' })).to.equal('b-2');
    expect(await by('GET')).to.equal('b');
    const { status, headers } = await mesh.ask(client, 'http://b/foobar');
    expect(status).to.equal(404);
    expect(headers['l5d-proxy-error']).to.contain('no route found for request');
    const { body } = await ask(client.admin, '/debug/decisions');
    expect(JSON.parse(body).decisions.at(-1).nearest).to.equal(
      'path /foobar is not PathPrefix /foo',
    );
  });

  it('14: prefers the exact hostname that the client asked for', async () => {
    await apply([
      route('wild', { hostnames: ['*.ex.test'], rules: [rule({ backends: [backend('b-1')] })] }),
      route('exact', { hostnames: ['api.ex.test'], rules: [rule({ backends: [backend('b-2')] })] }),
    ]);
    const served = await connectThrough(client.outbound, 'b:80', 'api.ex.test');
    expect(served).to.contain('served-by: b-2');
  });

  it('20, 21: changes headers and redirects', async () => {
    await apply([
      route('r', {
        rules: [
          rule({
            matches: [{ path: { type: 'PathPrefix', value: '/old' } }],
            filters: [
              {
                type: 'RequestRedirect',
                hostname: 'new.test',
                status: 302,
                path: { type: 'ReplacePrefixMatch', value: '/new' },
              },
            ],
          }),
          rule({
            filters: [
              {
                type: 'RequestHeaderModifier',
                set: [{ name: 'X-Set', value: '1' }],
                add: [{ name: 'X-Add', value: '2' }],
                remove: ['x-gone'],
              },
              {
                type: 'ResponseHeaderModifier',
                set: [{ name: 'x-back', value: '3' }],
                add: [],
                remove: ['served-by'],
              },
            ],
          }),
        ],
      }),
    ]);
    const { headers, body } = await mesh.ask(client, 'http://b/', {
      headers: { 'x-set': 'x', 'x-gone': 'x' },
    });
    expect(JSON.parse(body))
      .to.include({ 'x-set': '1', 'x-add': '2' })
      .and.not.have.property('x-gone');
    expect(headers).to.include({ 'x-back': '3' }).and.not.have.property('served-by');
    const moved = await mesh.ask(client, 'http://b/old/page?q=1');
    expect(moved.status).to.equal(302);
    expect(moved.headers.location).to.equal('http://new.test/new/page?q=1');
  });
});
