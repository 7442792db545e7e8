import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import { eventually } from '@faultline/chassis/testing/eventually';
import type { ControlMessage, ProxySnapshot } from '@faultline/mesh-core/snapshot';
import { expect } from 'chai';
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from '../src/control-plane.ts';
import { LineSplitter } from '../src/net/lines.ts';
import { newRequest } from './csr.ts';
import { instance, route, service } from './world.ts';

const identity = 'b.a.serviceaccount.identity.linkerd.cluster.local';

/** The proxy's end of the protocol. */
class TestProxy {
  readonly messages: ControlMessage[] = [];
  readonly socket: Socket;
  isClosed = false;

  constructor(socketPath: string) {
    const lines = new LineSplitter(10_000_000);
    this.socket = connect(socketPath);
    this.socket.on('data', (chunk: Buffer) => {
      this.messages.push(...lines.push(chunk).map((line): ControlMessage => JSON.parse(line)));
    });
    // The tests look at `isClosed`.
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isClosed = true));
  }

  send(message: unknown): void {
    this.socket.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  }

  hello(token: string, name = 'b-1', asked = identity): void {
    this.send({ type: 'hello', instance: name, token, csrPem: newRequest(asked).csrPem });
  }

  get snapshots(): ProxySnapshot[] {
    return this.messages.flatMap((message) =>
      message.type === 'snapshot' ? message.snapshot : [],
    );
  }

  get identities() {
    return this.messages.flatMap((message) =>
      message.type === 'identity' ? message.identity : [],
    );
  }

  get refusals(): string[] {
    return this.messages.flatMap((message) => (message.type === 'refused' ? message.reason : []));
  }

  snapshot(): Promise<ProxySnapshot> {
    return eventually(() => {
      const newest = this.snapshots.at(-1);
      if (!newest) throw new Error('no snapshot has come');
      return newest;
    });
  }

  refused(): Promise<string> {
    return eventually(() => {
      const [reason] = this.refusals;
      if (reason === undefined || !this.isClosed) throw new Error('not refused');
      return reason;
    });
  }
}

describe('control plane', () => {
  let dir: string;
  let plane: ControlPlane;
  let proxies: TestProxy[];
  let problems: string[];

  const options = (): ControlPlaneOptions => ({
    dir: join(dir, 'state'),
    socketPath: join(dir, 'mesh.sock'),
    root: dir,
    manifestDirs: [join(dir, 'routes'), join(dir, 'absent')],
    clock: systemClock,
    services: [service('b')],
    onProblem: (error) => problems.push(error.message),
  });
  const writeRoute = (text: string) => writeFileSync(join(dir, 'routes', 'b.yaml'), text);

  function connectProxy(): TestProxy {
    const proxy = new TestProxy(join(dir, 'mesh.sock'));
    proxies.push(proxy);
    return proxy;
  }

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'mesh-'));
    mkdirSync(join(dir, 'routes'));
    proxies = [];
    problems = [];
    plane = await startControlPlane(options());
  });
  afterEach(async () => {
    for (const { socket } of proxies) socket.destroy();
    await plane.stop();
    rmSync(dir, { recursive: true });
  });

  it('gives a proxy its identity first, then everything it has to know', async () => {
    const { token } = plane.addInstance(instance('b'));
    const proxy = connectProxy();
    proxy.hello(token);
    const snapshot = await proxy.snapshot();
    expect(proxy.messages[0]?.type).to.equal('identity');
    expect(proxy.identities[0]?.chainPem.match(/BEGIN/g)).to.have.length(2);
    expect(snapshot.services.map(({ name }) => name)).to.deep.equal(['b']);
    expect(snapshot.endpoints).to.deep.equal({ 'a/b:80': [] });
    expect(statSync(join(dir, 'mesh.sock')).mode & 0o777).to.equal(0o600);
  });

  it('tells all proxies of a change, once for changes that come together', async () => {
    const tokens = ['b-1', 'b-2'].map((name) => plane.addInstance(instance('b', { name })).token);
    const [first, second] = [connectProxy(), connectProxy()];
    first.hello(tokens[0] ?? '');
    second.hello(tokens[1] ?? '', 'b-2');
    await Promise.all([first.snapshot(), second.snapshot()]);
    const before = first.snapshots.length;
    const versions = ['b-1', 'b-2'].map((name) => plane.setReady(name, { ready: true }));
    expect(versions[0]).to.equal(versions[1]);
    for (const proxy of [first, second]) {
      await eventually(async () => {
        const { version, endpoints } = await proxy.snapshot();
        expect(version).to.equal(versions[0]);
        expect(endpoints['a/b:80']).to.have.length(2);
      });
    }
    expect(first.snapshots).to.have.length(before + 1);
  });

  it('says when a change is in force everywhere', async () => {
    const { token } = plane.addInstance(instance('b'));
    const proxy = connectProxy();
    proxy.hello(token);
    await proxy.snapshot();
    const version = plane.setReady('b-1', { ready: true });
    const waiting = plane.applied(version);
    await eventually(async () => expect((await proxy.snapshot()).version).to.equal(version));
    expect(await plane.applied(version, AbortSignal.timeout(10))).to.equal(false);
    proxy.send({ type: 'applied', version });
    expect(await waiting).to.equal(true);
    expect(plane.proxies()[0]).to.include({ instance: 'b-1', appliedVersion: version });
  });

  it('does not wait for proxies that are gone', async () => {
    const { token } = plane.addInstance(instance('b'));
    const proxy = connectProxy();
    proxy.hello(token);
    await proxy.snapshot();
    const waiting = plane.applied(plane.setReady('b-1', { ready: true }));
    proxy.socket.destroy();
    expect(await waiting).to.equal(true);
  });

  describe('refuses, and tells nothing to,', () => {
    const refusedFor = async (greet: (proxy: TestProxy, token: string) => void) => {
      const { token } = plane.addInstance(instance('b'));
      const proxy = connectProxy();
      greet(proxy, token);
      const reason = await proxy.refused();
      expect(proxy.messages).to.have.length(1);
      return reason;
    };

    it('a wrong token and an unknown instance, in the same words', async () => {
      const wrong = await refusedFor((proxy, token) => proxy.hello(`${token.slice(1)}x`));
      const unknown = connectProxy();
      unknown.hello('x', 'nobody-1');
      expect(await unknown.refused()).to.equal(wrong);
    });

    it('the token of another instance', async () => {
      const { token } = plane.addInstance(instance('b', { name: 'b-2' }));
      await refusedFor((proxy) => proxy.hello(token));
    });

    it('a CSR for another name', async () => {
      const reason = await refusedFor((proxy, token) => proxy.hello(token, 'b-1', 'admin.x'));
      expect(reason).to.include(`expected the one DNS name ${identity}`);
    });

    it('whoever does not begin with hello, or says what is not in the protocol', async () => {
      await refusedFor((proxy) => proxy.send({ type: 'applied', version: 1 }));
      for (const message of ['', 'GET / HTTP/1.1', '[]', { type: 'hello', token: 1 }]) {
        const proxy = connectProxy();
        proxy.send(message);
        expect(await proxy.refused()).to.include('expected');
      }
    });

    it('lines without end', async () => {
      const reason = await refusedFor((proxy) => proxy.send('x'.repeat(200_000)));
      expect(reason).to.include('expected at most 65536 bytes');
    });

    it('an instance that is not in the mesh', async () => {
      const { token } = plane.addInstance(instance('b', { name: 'b-2', meshed: false }));
      await refusedFor((proxy) => proxy.hello(token, 'b-2'));
    });
  });

  it('knows a proxy that outlived it, and numbers its snapshots on', async () => {
    const { token } = plane.addInstance(instance('b'));
    const before = connectProxy();
    before.hello(token);
    const { version } = await before.snapshot();
    await plane.stop();
    await eventually(() => expect(before.isClosed).to.equal(true));
    plane = await startControlPlane(options());
    plane.addInstance(instance('b'));
    const after = connectProxy();
    after.hello(token);
    expect((await after.snapshot()).version).to.be.greaterThan(version);
  });

  it('has one connection for each instance: the newest', async () => {
    const { token } = plane.addInstance(instance('b'));
    const [first, second] = [connectProxy(), connectProxy()];
    first.hello(token);
    await first.snapshot();
    second.hello(token);
    await second.snapshot();
    await eventually(() => expect(first.isClosed).to.equal(true));
    expect(plane.proxies()).to.have.length(1);
    plane.removeInstance('b-1');
    await eventually(() => expect(second.isClosed).to.equal(true));
  });

  it('certifies again when asked, and everyone when its keys change', async () => {
    const { token } = plane.addInstance(instance('b'));
    const proxy = connectProxy();
    proxy.hello(token);
    await proxy.snapshot();
    proxy.send({ type: 'certify', csrPem: newRequest(identity).csrPem });
    await eventually(() => expect(proxy.identities).to.have.length(2));
    expect(proxy.identities[0]?.chainPem).not.to.equal(proxy.identities[1]?.chainPem);
    await plane.rotate('add-anchor');
    await eventually(() =>
      expect(proxy.identities.at(-1)?.anchorsPem.match(/BEGIN/g)).to.have.length(2),
    );
    await plane.rotate('issuer');
    await plane.rotate('retire-anchors');
    await eventually(() =>
      expect(proxy.identities.at(-1)?.anchorsPem.match(/BEGIN/g)).to.have.length(1),
    );
    expect(plane.identity()).to.have.nested.property('proxies[0].certificateNotAfterMs');
  });

  it('tells a proxy that reads slowly only the newest snapshot', async () => {
    const tokens = ['b-1', 'b-2'].map((name) => plane.addInstance(instance('b', { name })).token);
    const [slow, fast] = [connectProxy(), connectProxy()];
    slow.hello(tokens[0] ?? '');
    fast.hello(tokens[1] ?? '', 'b-2');
    await Promise.all([slow.snapshot(), fast.snapshot()]);
    slow.socket.pause();
    const many = Array.from({ length: 2_000 }, (_, index) => service(`service-${index}`));
    for (let round = 0; round < 12; round++) {
      const version = plane.setServices(many.slice(round));
      await eventually(async () => expect((await fast.snapshot()).version).to.equal(version));
    }
    slow.socket.resume();
    await eventually(async () => expect((await slow.snapshot()).version).to.equal(plane.version));
    expect(slow.snapshots.length).to.be.lessThan(fast.snapshots.length / 2);
  });

  it('follows its manifests when they change, and keeps the last good ones', async () => {
    const { token } = plane.addInstance(instance('b'));
    const proxy = connectProxy();
    proxy.hello(token);
    expect((await proxy.snapshot()).services[0]?.routes).to.deep.equal([]);
    const routes = async () =>
      (await proxy.snapshot()).services[0]?.routes.map(({ ref }) => ref.name);
    writeRoute(route());
    await eventually(async () => expect(await routes()).to.deep.equal(['r']));
    writeRoute(route({ rules: '{"retry":{}}' }));
    await eventually(() => expect(problems).to.have.length(1));
    expect(problems[0]).to.match(/^routes\/b\.yaml:1:\d+ spec\.rules\[0\]\.retry: /);
    expect(plane.routes().problem).to.equal(problems[0]);
    expect(plane.routes().services[0]?.routes).to.have.length(1);
    writeRoute(route({ name: 'other' }));
    await eventually(async () => expect(await routes()).to.deep.equal(['other']));
    expect(plane.routes().problem).to.equal(undefined);
    expect(plane.routes().statuses[0]?.parents[0]?.conditions[0]).to.include({ status: 'True' });
  });

  it('does not start on manifests that are wrong', async () => {
    writeRoute('kind: Ingress');
    const other = { ...options(), socketPath: join(dir, 'other.sock') };
    const error = await startControlPlane(other).catch((reason: unknown) => reason);
    expect(String(error)).to.include("routes/b.yaml:1:1 kind: 'Ingress' is not supported");
  });

  it('tells faults to the proxies they concern, until they end or are cleared', async () => {
    const { token } = plane.addInstance(instance('b'));
    const proxy = connectProxy();
    proxy.hello(token);
    await proxy.snapshot();
    const faults = async () => (await proxy.snapshot()).faults.map(({ id }) => id);
    const long = plane.faults.add({ kind: 'delay', target: 'a/b' });
    const short = plane.faults.add({ kind: 'reset', target: 'b-1', lease: '300ms' });
    await eventually(async () => expect(await faults()).to.deep.equal([long.id, short.id]));
    await eventually(async () => expect(await faults()).to.deep.equal([long.id]));
    expect(plane.faults.clear(long.id)).to.equal(true);
    await eventually(async () => expect(await faults()).to.deep.equal([]));
  });

  it('shows the policies of every instance', () => {
    plane.addInstance(instance('b'));
    expect(plane.policy().instances).to.deep.equal([
      { name: 'b-1', servers: [], default: [{ name: 'all-unauthenticated' }], unused: [] },
    ]);
    expect(() => plane.addInstance(instance('b'))).to.throw('there is one of that name');
  });
});

describe('lines', () => {
  it('are found however the bytes are cut', () => {
    const text = 'one\n\nzwölf\nthree\n';
    for (const size of [1, 2, 3, 5, 100]) {
      const splitter = new LineSplitter(10);
      const bytes = Buffer.from(text);
      const lines: string[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        lines.push(...splitter.push(bytes.subarray(at, at + size)));
      }
      expect(lines).to.deep.equal(['one', '', 'zwölf', 'three']);
    }
  });

  it('must not be longer than allowed, finished or not', () => {
    expect(() => new LineSplitter(3).push(Buffer.from('four\n'))).to.throw(RangeError);
    const splitter = new LineSplitter(3);
    expect(splitter.push(Buffer.from('abc'))).to.deep.equal([]);
    expect(() => splitter.push(Buffer.from('d'))).to.throw(RangeError);
  });
});
