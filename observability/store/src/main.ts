import { systemClock } from '@faultline/chassis/clock';
import { createLogger } from '@faultline/chassis/log';
import { loadConfig, type StoreConfig } from './config.ts';
import { startConsole } from './console.ts';

import { startStore } from './store.ts';
import { addFlaggerRoute } from './watch/flagger.ts';
import { prometheusTargets } from './watch/prometheus-targets.ts';
import { addWatchRoutes } from './watch/routes.ts';
import { readTargets, type TargetSource } from './watch/targets.ts';
import { Watcher } from './watch/watcher.ts';

/** Pages hold their stream of events for as long as they are open. */
const CONSOLE_DRAIN_MS = 200;

const config = loadConfig();
const OWN_NAME = 'trace-store';
/** Itself, and who plays people. */
const NOT_LOOKED_AT = [OWN_NAME, 'load-generator'];

const log = createLogger({
  SERVICE_NAME: OWN_NAME,
  SERVICE_VERSION: '1.0.0',
  POD_NAME: OWN_NAME,
  LOG_LEVEL: config.logLevel,
});
const { edgeService, token } = config;
// Sidecars that only Prometheus can name are a cluster's.
const isLinkerd = config.targetsFile === undefined && config.targetsUrl !== undefined;
const watcher = new Watcher({
  clock: systemClock,
  targets: targetsOf(config),
  edgeService,
  isLinkerd,
});
const store = await startStore({
  config,
  clock: systemClock,
  log,
  sinks: [watcher.sink],
  incidents: () => watcher.incidents(),
  addRoutes(router) {
    addWatchRoutes(router, watcher, token);
    if (config.hearsFlagger) addFlaggerRoute(router, watcher);
  },
});

const console = await startConsole({ config, clock: systemClock, api: store.listener });
const { queryUrl, otlpUrl, adminUrl } = store;
watcher.start(adminUrl);
log.info({ http: queryUrl, otlp: otlpUrl, admin: adminUrl, console: console?.url }, 'started');

let stopped: Promise<void> | undefined;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stopped ??= stop();
  });
}

function targetsOf({ targetsFile, targetsUrl }: StoreConfig): TargetSource | undefined {
  if (targetsFile !== undefined) return () => readTargets(targetsFile);
  if (targetsUrl === undefined) return undefined;
  return prometheusTargets({ url: targetsUrl, except: NOT_LOOKED_AT, clock: systemClock });
}

async function stop(): Promise<void> {
  await watcher.stop();
  await console?.drain(systemClock.monotonic() + CONSOLE_DRAIN_MS);
  await store.stop();
  log.info('stopped');
}

const spans = await store.restored;
if (spans > 0) log.info({ spans }, 'restored');
