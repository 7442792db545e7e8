import { systemClock } from '@faultline/chassis/clock';
import { createLogger } from '@faultline/chassis/log';
import { loadConfig } from './config.ts';
import { startStore } from './store.ts';
import { addWatchRoutes } from './watch/routes.ts';
import { Watcher } from './watch/watcher.ts';

const config = loadConfig();
const log = createLogger({
  SERVICE_NAME: 'trace-store',
  SERVICE_VERSION: '1.0.0',
  POD_NAME: 'trace-store',
  LOG_LEVEL: config.logLevel,
});
const { targetsFile, edgeService, token } = config;
const watcher = new Watcher({ clock: systemClock, targetsFile, edgeService });
const store = await startStore({
  config,
  clock: systemClock,
  log,
  sinks: [watcher.sink],
  addRoutes: (router) => addWatchRoutes(router, watcher, token),
});
watcher.start();
const { queryUrl, otlpUrl, adminUrl } = store;
log.info({ http: queryUrl, otlp: otlpUrl, admin: adminUrl }, 'started');

let stopped: Promise<void> | undefined;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stopped ??= stop();
  });
}

async function stop(): Promise<void> {
  await watcher.stop();
  await store.stop();
  log.info('stopped');
}

const spans = await store.restored;
if (spans > 0) log.info({ spans }, 'restored');
