import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import { listen, type HttpServer } from '@faultline/chassis/server';
import { eventually } from '@faultline/chassis/testing/eventually';
import { silentLog } from '@faultline/chassis/testing/log';
import type { SpanRecord } from '@faultline/origin/model';
import { expect } from 'chai';
import { Router } from '../http/router.ts';
import { addWatchRoutes } from './routes.ts';
import { readTargets } from './targets.ts';
import { Watcher } from './watcher.ts';

const pod = (container: string, more: object = {}) => ({
  __meta_kubernetes_pod_name: 'orders-1',
  __meta_kubernetes_pod_container_name: container,
  __meta_kubernetes_pod_label_app_kubernetes_io_version: '1.2.0',
  ...more,
});

describe('the watcher’s targets', () => {
  const dir = mkdtempSync(join(tmpdir(), 'targets-'));
  const file = join(dir, 'targets.json');
  after(() => rmSync(dir, { recursive: true }));

  it('are read from the list that Prometheus reads', async () => {
    const deployment = { __meta_kubernetes_pod_label_linkerd_io_proxy_deployment: 'orders' };
    writeFileSync(
      file,
      JSON.stringify([
        { targets: ['127.0.0.1:1'], labels: pod('linkerd-proxy', deployment) },
        { targets: ['127.0.0.1:2'], labels: pod('orders') },
        { targets: ['127.0.0.1:3'], labels: { job: 'something else' } },
        null,
      ]),
    );
    const common = { service: 'orders', instance: 'orders-1', version: '1.2.0' };
    expect(await readTargets(file)).to.deep.equal([
      { ...common, kind: 'sidecar', url: 'http://127.0.0.1:1/metrics' },
      { ...common, kind: 'app', url: 'http://127.0.0.1:2/metrics' },
    ]);
  });

  it('are none when the list is no list', async () => {
    writeFileSync(file, '{}');
    await readTargets(file).then(
      () => expect.fail(),
      (error: Error) => expect(error.message).to.include('expected a list'),
    );
  });
});

const root: SpanRecord = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  service: 'gateway',
  instance: 'gateway-1',
  kind: 'server',
  name: 'GET /',
  startMs: 0,
  durationMs: 5,
  isError: false,
  attributes: {},
  links: [],
};

describe('the API of the failure analysis', () => {
  const watcher = new Watcher({
    clock: systemClock,
    targets: undefined,
    edgeService: 'gateway',
  });
  let server: HttpServer;
  before(async () => {
    const router = new Router({ log: silentLog, inFlightMax: 10 });
    addWatchRoutes(router, watcher, 'secret');
    const address = { host: '127.0.0.1', port: 0 };
    server = await listen(router.listener, { address, clock: systemClock });
    watcher.start();
  });
  after(async () => {
    await watcher.stop();
    await server.drain(systemClock.monotonic() + 200);
  });

  const get = async (path: string) => {
    const reply = await fetch(`${server.url}${path}`);
    return { status: reply.status, body: await reply.json() };
  };
  const tell = (token: string, body: unknown) =>
    fetch(`${server.url}/api/changes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
  const scaled = {
    at: '2026-01-02T03:04:05.000Z',
    kind: 'scale',
    service: 'orders',
    detail: 'from 1 to 2',
  };

  it('says that nothing is broken while nothing is', async () => {
    expect(await get('/api/incidents/current')).to.deep.equal({
      status: 200,
      body: { incident: null },
    });
    expect((await get('/api/incidents')).body).to.deep.equal({ incidents: [] });
    expect((await get('/api/incidents/unknown')).status).to.equal(404);
  });

  it('shows who was seen', async () => {
    watcher.sink([{ ...root, startMs: Date.now() }]);
    const { body } = await get('/api/topology');
    expect(body.nodes.map(({ name }: { name: string }) => name)).to.deep.equal(['gateway']);
  });

  it('lets nobody tell of changes who does not know the token', async () => {
    expect((await tell('guess', scaled)).status).to.equal(401);
    expect((await get('/api/changes')).body).to.deep.equal({ changes: [] });
  });

  it('notes a change, refuses what is none, and says why', async () => {
    expect((await tell('secret', scaled)).status).to.equal(204);
    expect((await get('/api/changes')).body).to.deep.equal({ changes: [scaled] });
    const refused = await tell('secret', { ...scaled, kind: 'fault' });
    expect(refused.status).to.equal(400);
    expect((await refused.json()).detail).to.include('kind');
  });

  it('streams what the analysis is told, to be recorded', async () => {
    const stop = new AbortController();
    const { body } = await fetch(`${server.url}/api/inputs`, { signal: stop.signal });
    let text = '';
    const reading = (async () => {
      for await (const chunk of body ?? []) text += Buffer.from(chunk).toString();
    })().catch(() => undefined);
    watcher.sink([root]);
    await tell('secret', scaled);
    await eventually(() => expect(text.split('\n')).to.have.length(3));
    const [first, second] = text.split('\n').map((line) => line && JSON.parse(line));
    expect(first).to.deep.include({ spans: [root] });
    expect(second.change).to.deep.include({ kind: 'scale', service: 'orders' });
    stop.abort();
    await reading;
  });

  it('streams what there is, and then each change as it comes', async () => {
    const stop = new AbortController();
    const { body } = await fetch(`${server.url}/api/events`, { signal: stop.signal });
    let text = '';
    const reading = (async () => {
      for await (const chunk of body ?? []) text += Buffer.from(chunk).toString();
    })().catch(() => undefined);
    await eventually(() => expect(text).to.include('event: topology'));
    expect(text).to.match(/^event: incidents\ndata: \[\]\n\nevent: changes\n/);
    await tell('secret', { ...scaled, detail: 'from 2 to 3' });
    await eventually(() => expect(text).to.match(/event: change\ndata: .*from 2 to 3/));
    stop.abort();
    await reading;
  });
});

describe('the watcher', () => {
  it('looks at what instances and sidecars say of themselves', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'watch-'));
    let asked = 0;
    const instance: Server = createServer((_, res) => {
      asked += 1;
      res.end(`stream_consumer_lag_entries{stream="s",group="g"} ${asked}\n`);
    });
    await new Promise<void>((resolve) => instance.listen(0, '127.0.0.1', resolve));
    // A TCP server's address is never a string.
    const { port } = instance.address() as AddressInfo;
    const targetsFile = join(dir, 'targets.json');
    const targets = () => readTargets(targetsFile);
    const watcher = new Watcher({ clock: systemClock, targets, edgeService: 'gateway' });
    watcher.start();
    writeFileSync(
      targetsFile,
      JSON.stringify([{ targets: [`127.0.0.1:${port}`], labels: pod('orders') }]),
    );
    await eventually(() => {
      expect(asked).to.be.at.least(2);
      const names = watcher.topology().nodes.map(({ name }) => name);
      expect(names).to.include('s');
    });
    await watcher.stop();
    instance.closeAllConnections();
    instance.close();
    rmSync(dir, { recursive: true });
  });
});
