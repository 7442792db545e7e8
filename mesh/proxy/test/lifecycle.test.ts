import { expect } from 'chai';
import { Agent, createServer } from 'node:http';
import { ask } from './support/http.ts';
import { TestMesh } from './support/mesh.ts';
import { until } from './support/poll.ts';
import { endpoint, service, snapshot } from './support/snapshots.ts';

describe('life of a proxy', () => {
  let mesh: TestMesh;

  beforeEach(async () => (mesh = await TestMesh.start()));
  afterEach(() => mesh.stop());

  async function pair(delayMs = 0) {
    const server = await mesh.server('b', (_request, response) => {
      const timer = setTimeout(() => response.end('served'), delayMs);
      response.on('close', () => clearTimeout(timer));
    });
    const client = await mesh.proxy('client');
    await mesh.apply(client, { services: [service()], endpoints: { 'a/b:80': [server.endpoint] } });
    return { client, server };
  }

  it('is ready with an identity and a snapshot, and not before', async () => {
    const { client } = await pair();
    expect((await ask(client.admin, '/ready')).status).to.equal(200);
    expect((await ask(client.admin, '/live')).status).to.equal(200);
    const { body } = await ask(client.admin, '/debug/status');
    expect(JSON.parse(body)).to.include({ identity: client.identity, controlConnected: true });
  });

  it('serves on without its control plane, and catches up when that is back', async () => {
    const { client, server } = await pair();
    await mesh.plane.down();
    for (let index = 0; index < 5; index++) {
      expect((await mesh.ask(client, 'http://b/')).status).to.equal(200);
    }
    mesh.plane.set(
      'client',
      snapshot({
        version: 99,
        services: [service({ name: 'c' })],
        endpoints: { 'a/c:80': [server.endpoint] },
      }),
    );
    await mesh.plane.up();
    await until(async () => (await mesh.ask(client, 'http://c/')).status === 200);
    expect((await mesh.ask(client, 'http://b/')).status).to.equal(502);
  });

  it('asks clients to go elsewhere while its instance takes no traffic', async () => {
    const { server } = await pair();
    const agent = new Agent({ keepAlive: true });
    const connection = async () => (await ask(server.inbound, '/', { agent })).headers.connection;
    expect(await connection()).not.to.equal('close');
    await mesh.apply(server, { leaving: true });
    expect(await connection()).to.equal('close');
    await mesh.apply(server, {});
    expect(await connection()).not.to.equal('close');
    agent.destroy();
  });

  it('keeps what it has when a snapshot cannot be used', async () => {
    const { client } = await pair();
    const broken = service({
      routes: [
        {
          ref: { group: '', kind: 'HTTPRoute', namespace: 'a', name: 'r' },
          hostnames: [],
          rules: [
            {
              matches: [{ path: { type: 'RegularExpression', value: '(' } }],
              filters: [],
              backends: [],
              timeouts: {},
            },
          ],
        },
      ],
    });
    mesh.plane.set('client', snapshot({ version: 50, services: [broken] }));
    expect((await mesh.ask(client, 'http://b/')).status).to.equal(200);
    const { body } = await ask(client.admin, '/debug/status');
    expect(JSON.parse(body).snapshotVersion).not.to.equal(50);
  });

  it('finishes what is under way when it stops, and takes nothing new', async () => {
    const { client, server } = await pair(150);
    const agent = new Agent({ keepAlive: true });
    const running = Array.from({ length: 10 }, () => mesh.ask(client, 'http://b/', { agent }));
    await until(async () => (await mesh.metric(server, 'request_total')) === 10);
    const stopped = server.proxy.stop(2_000);
    const replies = await Promise.all(running);
    expect(replies.every(({ status, body }) => status === 200 && body === 'served')).to.equal(true);
    await stopped;
    const refused = await ask(server.inbound, '/').catch((error: unknown) => error);
    expect(refused).to.be.an('error');
    agent.destroy();
  });

  it('loses no request when an endpoint leaves discovery and then stops under load', async () => {
    const { client, server } = await pair(2);
    const other = await mesh.server('b2', (_request, response) => response.end('served'));
    const services = [service()];
    await mesh.apply(client, {
      services,
      endpoints: { 'a/b:80': [server.endpoint, other.endpoint] },
    });
    let done = false;
    const statuses: number[] = [];
    const agent = new Agent({ keepAlive: true });
    const load = Array.from({ length: 8 }, async () => {
      while (!done)
        statuses.push(
          (await mesh.ask(client, 'http://b/', { agent, method: 'POST', body: 'x' })).status,
        );
    });
    await until(() => statuses.length > 100);
    await mesh.apply(client, { services, endpoints: { 'a/b:80': [other.endpoint] } });
    await server.proxy.stop(2_000);
    const before = statuses.length;
    await until(() => statuses.length > before + 100);
    done = true;
    await Promise.all(load);
    expect(statuses.filter((status) => status !== 200)).to.deep.equal([]);
    agent.destroy();
  });

  it('cuts what is still open when its grace is over', async () => {
    const { client, server } = await pair(60_000);
    const running = mesh.ask(client, 'http://b/');
    await until(async () => (await mesh.metric(server, 'request_total')) === 1);
    await server.proxy.stop(100);
    expect((await running).status).to.equal(502);
  });

  it('answers on its admin port', async () => {
    const { client } = await pair();
    expect((await ask(client.admin, '/proxy-log-level')).body).to.equal('silent\n');
    const change = { method: 'PUT', body: 'debug' };
    expect((await ask(client.admin, '/proxy-log-level', change)).body).to.equal('debug\n');
    expect(
      (await ask(client.admin, '/proxy-log-level', { method: 'PUT', body: 'loud' })).status,
    ).to.equal(400);
    await mesh.ask(client, 'http://b/');
    const { body } = await ask(client.admin, '/debug/endpoints');
    expect(JSON.parse(body).backends[0].endpoints[0]).to.include({ away: false, inFlight: 0 });
    expect((await ask(client.admin, '/nowhere')).status).to.equal(404);
    await ask(client.admin, '/shutdown', { method: 'POST' });
    expect(client.ended).to.deep.equal(['shutdown']);
  });

  it('passes requests for the outside on as they are', async () => {
    const { client } = await pair();
    const outside = createServer((request, response) =>
      response.end(String(request.headers['l5d-client-id'])),
    );
    await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
    const address = outside.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { status, body } = await mesh.ask(client, `http://127.0.0.1:${port}/`);
    expect([status, body]).to.deep.equal([200, 'undefined']);
    outside.closeAllConnections();
    outside.close();
  });

  it('24: takes an opaque Service without a look at its routes', async () => {
    const { client, server } = await pair();
    const opaque = service({ protocol: 'opaque', timeouts: { requestMs: 1 } });
    await mesh.apply(client, {
      services: [opaque],
      endpoints: { 'a/b:80': [endpoint(server.inbound, server.identity)] },
    });
    expect((await mesh.ask(client, 'http://b/')).status).to.equal(200);
    expect(await mesh.metric(client, 'request_total')).to.equal(0);
  });
});
