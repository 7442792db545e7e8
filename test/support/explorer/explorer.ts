import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import { silentLog } from '@faultline/chassis/testing/log';
import { loadConfig } from '@faultline/store/config';
import { startConsole } from '@faultline/store/console';
import { startStore } from '@faultline/store/store';
import { addWatchRoutes } from '@faultline/store/watch/routes';
import { Watcher } from '@faultline/store/watch/watcher';
import { type Answers, type MadeSeries, serveEngine, servePrometheus } from './upstreams.ts';

/** A console over a real trace store, and over metrics and an engine that say what they are told to. */
export type Explorer = AsyncDisposable & {
  readonly url: string;
  /** Where spans are taken. */
  readonly otlpUrl: string;
  /** Stores spans. */
  send(otlp: object): Promise<void>;
};

export async function startExplorer({
  engine,
  series,
  port = 0,
}: {
  engine: Answers;
  series: readonly MadeSeries[];
  port?: number;
}): Promise<Explorer> {
  const dir = await mkdtemp(join(tmpdir(), 'faultline-explorer-'));
  const engineSocket = join(dir, 'engine.sock');
  const local = { host: '127.0.0.1', port: 0 };
  const sockets = await serveEngine(engineSocket, engine);
  const prometheus = await servePrometheus(series);
  // It listens on a port.
  const { port: prometheusPort } = prometheus.address() as AddressInfo;
  const config = {
    ...loadConfig({ STORE_MAX_BYTES: String(64 * 1_024 * 1_024) }),
    listenQuery: local,
    listenOtlp: local,
    listenAdmin: local,
    listenConsole: { host: '127.0.0.1', port },
    prometheusUrl: `http://127.0.0.1:${prometheusPort}`,
    engineSocket,
  };
  const watcher = new Watcher({
    clock: systemClock,
    targets: undefined,
    edgeService: 'gateway',
  });
  const store = await startStore({
    config,
    clock: systemClock,
    log: silentLog,
    sinks: [watcher.sink],
    addRoutes: (router) => addWatchRoutes(router, watcher, undefined),
  });
  watcher.start();
  const served = await startConsole({ config, clock: systemClock, api: store.listener });
  return {
    url: served?.url ?? '',
    otlpUrl: store.otlpUrl,
    async send(otlp) {
      const reply = await fetch(`${store.otlpUrl}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(otlp),
      });
      if (!reply.ok) throw new Error(`send spans: ${reply.status} ${await reply.text()}`);
      await reply.body?.cancel();
    },
    async [Symbol.asyncDispose]() {
      await served?.drain(0);
      await watcher.stop();
      await store.stop();
      for (const server of [sockets, prometheus]) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
      await rm(dir, { recursive: true });
    },
  };
}
