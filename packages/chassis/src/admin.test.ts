import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { Counter, Registry } from 'prom-client';
import { adminHandler } from './admin.ts';
import { systemClock } from './clock.ts';
import { type HttpServer, listen } from './server.ts';

describe('the admin port', () => {
  const registry = new Registry();
  let ready = true;
  let databaseUp = true;
  let server: HttpServer;

  before(async () => {
    new Counter({ name: 'things_total', help: 'Things.', registers: [registry] }).inc(3);
    const handler = adminHandler({
      registry,
      ready: () => ready,
      checks: [
        { name: 'redis', check: async () => undefined },
        {
          name: 'postgresql',
          check: async () => {
            if (!databaseUp) throw new Error('connection refused');
          },
        },
      ],
      describe: () => ({ service: 'orders', version: '1.2.3' }),
    });
    const address = { host: '127.0.0.1', port: 0 };
    server = await listen(handler, { address, clock: systemClock });
  });
  after(() => server.drain(systemClock.monotonic() + 200));
  beforeEach(() => {
    ready = true;
    databaseUp = true;
  });

  const get = (path: string, method = 'GET') => fetch(server.url + path, { method });

  it('is live whatever else is true', async () => {
    ready = false;
    databaseUp = false;
    expect((await get('/livez')).status).to.equal(200);
  });

  it('is ready when the process says so, whatever its neighbours are', async () => {
    databaseUp = false;
    expect((await get('/readyz')).status).to.equal(200);
    ready = false;
    expect((await get('/readyz')).status).to.equal(503);
  });

  it('tells people how each dependency is', async () => {
    databaseUp = false;
    const reply = await get('/health/details');
    expect([reply.status, reply.headers.get('content-type')]).to.deep.equal([
      200,
      'application/json',
    ]);
    expect(await reply.json()).to.deep.equal({
      service: 'orders',
      version: '1.2.3',
      dependencies: [
        { name: 'redis', status: 'up' },
        { name: 'postgresql', status: 'down', reason: 'connection refused' },
      ],
    });
  });

  it('shows the metrics as Prometheus reads them', async () => {
    const reply = await get('/metrics?name[]=things_total');
    expect(reply.headers.get('content-type')).to.equal(registry.contentType);
    expect(await reply.text()).to.include('things_total 3');
  });

  it('answers 500 when the metrics cannot be had', async () => {
    const broken = new Registry();
    broken.metrics = () => Promise.reject(new Error('broken'));
    const options = { registry: broken, ready: () => true, checks: [], describe: () => ({}) };
    const address = { host: '127.0.0.1', port: 0 };
    const other = await listen(adminHandler(options), { address, clock: systemClock });
    expect((await fetch(`${other.url}/metrics`)).status).to.equal(500);
    await other.drain(systemClock.monotonic() + 200);
  });

  it('knows no other page and no other method', async () => {
    expect((await get('/')).status).to.equal(404);
    expect((await get('/constructor')).status).to.equal(404);
    expect((await get('/livez', 'POST')).status).to.equal(405);
    const head = await get('/livez', 'HEAD');
    expect([head.status, await head.text()]).to.deep.equal([200, '']);
  });

  it('survives a request target that is no URL', async () => {
    const { hostname, port } = new URL(server.url);
    for (const target of ['//', 'http://[', '*']) {
      const socket = connect(Number(port), hostname);
      socket.end(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const [reply] = await once(socket, 'data');
      expect(String(reply), target).to.match(/^HTTP\/1\.1 40[04] /);
      socket.destroy();
    }
    expect((await get('/livez')).status).to.equal(200);
  });
});
