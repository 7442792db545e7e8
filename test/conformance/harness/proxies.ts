import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Clock, systemClock } from '@faultline/chassis/clock';
import { eventually } from '@faultline/chassis/testing/eventually';
import { seededRandom } from '@faultline/mesh-core/random';
import type { Config } from '@faultline/mesh-proxy/config';
import { createLog } from '@faultline/mesh-proxy/log';
import { SpanExporter } from '@faultline/mesh-proxy/net/span-exporter';
import { proxyProgram } from '@faultline/mesh-proxy/program';
import { Proxy } from '@faultline/mesh-proxy/proxy';
import { type Address, ask } from './http.ts';
import type { Time } from './time.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a proxy is started with. */
export type ProxyOrder = {
  readonly name: string;
  readonly namespace: string;
  readonly account: string;
  readonly token: string;
  readonly controlSocket: string;
  readonly address: Address;
  readonly appAddress: Address;
  readonly outbound: Address;
  readonly admin: Address;
};

export type ProxyHandle = { kill(): Promise<void> };

/** How proxies are run, and the time they and their tests live by. */
export type ProxyLauncher = {
  readonly time: Time;
  readonly clock: Clock;
  /** Resolves when the proxy is ready. */
  launch(order: ProxyOrder): Promise<ProxyHandle>;
};

/** Proxies in this process, on virtual time; chance is seeded, so that each run is the same. */
export function inProcess(time: VirtualTime, options: { collector?: string } = {}): ProxyLauncher {
  return {
    time,
    clock: time,
    async launch(order) {
      const random = seededRandom(Number.parseInt(order.name, 36) || 1);
      const log = createLog(
        { level: 'silent', instance: order.name, now: () => 0 },
        () => undefined,
      );
      const common = { clock: time, random, log };
      const tracer =
        options.collector === undefined
          ? undefined
          : new SpanExporter({
              ...common,
              endpoint: new URL(options.collector),
              instance: order.name,
              delayMs: 250,
            });
      const config = configOf(order);
      const proxy = new Proxy({ ...common, config, tracer, onEnd: () => undefined });
      await proxy.start();
      await time.until(untilReady(proxy));
      return {
        async kill() {
          await time.until(proxy.stop(0));
          await tracer?.close();
        },
      };
    },
  };
}

async function untilReady(proxy: Proxy): Promise<void> {
  while (!proxy.ready) await new Promise((resolve) => setImmediate(resolve));
}

function configOf(order: ProxyOrder): Config {
  return {
    instance: order.name,
    namespace: order.namespace,
    account: order.account,
    token: order.token,
    controlSocket: { path: order.controlSocket },
    outbound: order.outbound,
    inbound: [{ port: 8080, listen: order.address, app: order.appAddress }],
    admin: order.admin,
    logLevel: 'silent',
    shutdownGraceMs: 1_000,
    otlpEndpoint: undefined,
    spanDelayMs: 10_000,
  };
}

/** Proxies as processes of their own, on the machine's clock. */
export function asProcesses(): ProxyLauncher {
  const main = proxyProgram();
  const sleep = (ms: number) => systemClock.sleep(ms);
  return {
    time: {
      nowMs: () => systemClock.monotonic(),
      sleep,
      pass: sleep,
      until: (promise) => promise,
    },
    clock: systemClock,
    async launch(order) {
      const child = spawn(process.execPath, [main], { stdio: 'ignore', env: environmentOf(order) });
      await eventually(async () => {
        const { status } = await ask(order.admin, '/ready', { nowMs: () => 0 });
        if (status !== 200) throw new Error(`the proxy of ${order.name} is not ready`);
      });
      return { kill: () => kill(child) };
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function environmentOf(order: ProxyOrder): Record<string, string> {
  return {
    PROXY_INSTANCE: order.name,
    PROXY_NAMESPACE: order.namespace,
    PROXY_SERVICE_ACCOUNT: order.account,
    PROXY_TOKEN: order.token,
    PROXY_CONTROL_SOCKET: order.controlSocket,
    PROXY_OUTBOUND_LISTEN: text(order.outbound),
    PROXY_ADMIN_LISTEN: text(order.admin),
    PROXY_INBOUND_PORTS: `8080=${text(order.address)}>${text(order.appAddress)}`,
  };
}

function text(address: Address): string {
  return 'path' in address ? address.path : `${address.host}:${address.port}`;
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (bound === null || typeof bound === 'string') throw new Error('find a free port: no port');
  return bound.port;
}
