import type { ProxySnapshot, WireEndpoint } from '@faultline/mesh-core/snapshot';
import { createServer, type RequestListener, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '../../src/clock.ts';
import { identityName } from '../../src/identity/renewal.ts';
import { LIMITS, type Limits } from '../../src/limits.ts';
import { createLog } from '../../src/log.ts';
import type { Address } from '../../src/net/address.ts';
import { Proxy, type ProxyDeps } from '../../src/proxy.ts';
import { TestControlPlane } from './control-plane.ts';
import { endpoint, snapshot } from './snapshots.ts';
import { ask, type Ask, type Reply } from './http.ts';
import { until } from './poll.ts';

/** One proxy with its addresses. */
export type TestProxy = {
  readonly proxy: Proxy;
  readonly name: string;
  readonly identity: string;
  readonly outbound: Address;
  readonly inbound: Address;
  readonly admin: Address;
  /** The reasons for which it has ended by itself. */
  readonly ended: string[];
};

/** Limits of linkerd, scaled so that tests wait little. */
const QUICK: Limits = {
  ...LIMITS,
  failFastMs: 150,
  outboundConnectMs: 200,
  drainIdleMs: 50,
};

/** A mesh in the test's process: real sockets and certificates, snapshots given as objects. */
export class TestMesh {
  readonly plane: TestControlPlane;
  readonly #folder: string;
  readonly #apps = new Set<Server>();
  readonly #proxies = new Set<Proxy>();
  #count = 0;

  private constructor(plane: TestControlPlane, folder: string) {
    this.plane = plane;
    this.#folder = folder;
  }

  static async start(): Promise<TestMesh> {
    const folder = await mkdtemp(join(tmpdir(), 'mesh-'));
    return new TestMesh(await TestControlPlane.start(), folder);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#proxies].map((proxy) => proxy.stop(0)));
    for (const app of this.#apps) {
      app.closeAllConnections();
      app.close();
    }
    await this.plane.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.#folder, `${name}-${++this.#count}.sock`);
  }

  /** An app that nothing but its proxy is told of. */
  async app(listener: RequestListener): Promise<{ path: string; server: Server }> {
    const path = this.path('app');
    const server = createServer(listener);
    this.#apps.add(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return { path, server };
  }

  /** A proxy that is ready, in namespace `a`, its inbound port 8080 leading to `app`. */
  async proxy(
    name: string,
    options: { app?: Address; snapshot?: ProxySnapshot } & Partial<ProxyDeps> = {},
  ): Promise<TestProxy> {
    const [outbound, inbound, admin] = ['out', 'in', 'admin'].map((part) => ({
      path: this.path(`${name}-${part}`),
    }));
    if (!outbound || !inbound || !admin) throw new Error('three addresses make three addresses');
    const ended: string[] = [];
    const proxy = new Proxy({
      clock: systemClock,
      random: Math.random,
      log: createLog({ level: 'silent', instance: name, now: Date.now }, () => undefined),
      limits: QUICK,
      onEnd: (reason) => void ended.push(reason),
      ...options,
      config: {
        instance: name,
        namespace: 'a',
        account: name,
        token: 'token',
        controlSocket: { path: this.plane.path },
        outbound,
        inbound: options.app ? [{ port: 8080, listen: inbound, app: options.app }] : [],
        admin,
        logLevel: 'silent',
        shutdownGraceMs: 1_000,
        otlpEndpoint: undefined,
        spanDelayMs: 10_000,
        ...options.config,
      },
    });
    this.#proxies.add(proxy);
    this.plane.set(name, options.snapshot ?? snapshot());
    await proxy.start();
    await until(() => proxy.ready);
    return { proxy, name, identity: identityName(name, 'a'), outbound, inbound, admin, ended };
  }

  /** An app behind a proxy of its own, and how clients find it. */
  async server(
    name: string,
    listener: RequestListener,
    parts: Partial<ProxySnapshot> = {},
  ): Promise<TestProxy & { endpoint: WireEndpoint }> {
    const app = await this.app(listener);
    const proxy = await this.proxy(name, { app, snapshot: snapshot(parts) });
    return { ...proxy, endpoint: endpoint(proxy.inbound, proxy.identity, { dst_pod: name }) };
  }

  /** Gives a proxy a new snapshot and waits until it serves by it. */
  async apply(proxy: TestProxy, parts: Partial<ProxySnapshot>): Promise<void> {
    const version = ++this.#count + 100;
    this.plane.set(proxy.name, snapshot({ ...parts, version }));
    await until(() =>
      this.plane.received.some(
        (message) => message.type === 'applied' && message.version === version,
      ),
    );
  }

  /** What `/metrics` says of one series: the sum of all whose labels contain `labels`. */
  async metric(
    proxy: TestProxy,
    name: string,
    labels: Record<string, string> = {},
  ): Promise<number> {
    const { body } = await ask(proxy.admin, '/metrics');
    return body
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) =>
        Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)),
      )
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** A request of the app beside `proxy`. */
  ask(proxy: TestProxy, url: string, options: Ask = {}): Promise<Reply> {
    return ask(proxy.outbound, url, options);
  }
}
