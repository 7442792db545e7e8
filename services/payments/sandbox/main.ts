import { adminHandler } from '@faultline/chassis/admin';
import { createApp } from '@faultline/chassis/app';
import { systemClock as clock } from '@faultline/chassis/clock';
import { exitWhenIdle } from '@faultline/chassis/exit';
import { Lifecycle } from '@faultline/chassis/lifecycle';
import { createLogger } from '@faultline/chassis/log';
import { createMetrics } from '@faultline/chassis/metrics';
import { listen } from '@faultline/chassis/server';
import { mountSandbox } from './app.ts';
import { Charges } from './charges.ts';
import { readConfig } from './config.ts';

const config = readConfig();
const log = createLogger(config);
const metrics = createMetrics();
const lifecycle = new Lifecycle({ clock, log });
const charges = await Charges.open(config.DATA_DIR);

const { app, router } = createApp({
  name: config.SERVICE_NAME,
  version: config.SERVICE_VERSION,
  requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
  clock,
  log,
  metrics: metrics.http,
  draining: () => lifecycle.draining,
});
mountSandbox(router, { charges, clock });

const admin = await listen(
  adminHandler({
    registry: metrics.registry,
    ready: () => !lifecycle.draining,
    checks: [],
    describe: () => ({ service: config.SERVICE_NAME, version: config.SERVICE_VERSION }),
  }),
  { address: config.LISTEN_ADMIN, clock },
);
const server = await listen(app.callback(), { address: config.LISTEN_HTTP, clock });
log.info({ admin: admin.url, http: server.url }, 'started');

lifecycle.onShutdown({ name: 'http', stop: (deadlineMs) => server.drain(deadlineMs - 1_000) });
lifecycle.onShutdown({ name: 'charges', stop: () => charges.close() });
lifecycle.onShutdown({ name: 'admin', stop: (deadlineMs) => admin.drain(deadlineMs) });
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void lifecycle
      .shutdown(config.SHUTDOWN_TIMEOUT_MS)
      .then((clean) => exitWhenIdle(clean ? 0 : 1));
  });
}
