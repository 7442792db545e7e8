import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '@faultline/chassis/clock';
import { silentLog } from '@faultline/chassis/testing/log';
import { loadConfig } from '@faultline/store/config';
import { startConsole } from '@faultline/store/console';
import { startStore } from '@faultline/store/store';
import { addWatchRoutes } from '@faultline/store/watch/routes';
import { Watcher } from '@faultline/store/watch/watcher';
import { serveEngine } from './console/engine.ts';
import { play } from './console/play.ts';

/*
 * The console over a simulated shop: the real store, analysis and server, without the shop's 25
 * processes, for those who work on the console. One failure after the other, for ever.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8099' },
    prometheus: { type: 'string', default: '' },
    rps: { type: 'string', default: '20' },
    kinds: { type: 'string', default: 'edge errors,service delay,sick replica errors,kill' },
  },
});

const dir = await mkdtemp(join(tmpdir(), 'faultline-console-'));
const engineSocket = join(dir, 'engine.sock');
const config = {
  ...loadConfig({ STORE_MAX_BYTES: String(64 * 1_024 * 1_024), CONSOLE_PORT: values.port }),
  listenQuery: { host: '127.0.0.1', port: 0 },
  listenOtlp: { host: '127.0.0.1', port: 0 },
  listenAdmin: { host: '127.0.0.1', port: 0 },
  prometheusUrl: values.prometheus || undefined,
  engineSocket,
};
const watcher = new Watcher({ clock: systemClock, targets: undefined, edgeService: 'gateway' });
const store = await startStore({
  config,
  clock: systemClock,
  log: silentLog,
  addRoutes: (router) => addWatchRoutes(router, watcher, undefined),
});
watcher.start();
const engine = await serveEngine(engineSocket, watcher);
const served = await startConsole({ config, clock: systemClock, api: store.listener });
process.stdout.write(`${served?.url}\n`);

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
const options = { rps: Number(values.rps), kinds: values.kinds.split(','), watcher };
await play({ ...options, otlpUrl: store.otlpUrl, clock: systemClock, signal: stopping.signal });
await engine.stop();
await served?.drain(0);
await watcher.stop();
await store.stop();
await rm(dir, { recursive: true });
