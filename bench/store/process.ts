import { systemClock } from '@faultline/chassis/clock';
import { createLogger } from '@faultline/chassis/log';
import { loadConfig } from '../../observability/store/src/config.ts';
import { startStore } from '../../observability/store/src/store.ts';

// The trace store as a process, without anybody who listens to its spans: what it alone costs.

const config = loadConfig();
const name = { SERVICE_NAME: 'trace-store', SERVICE_VERSION: '0', POD_NAME: 'bench' };
const log = createLogger({ ...name, LOG_LEVEL: 'info' });
const store = await startStore({ config, clock: systemClock, log });
const { queryUrl: http, otlpUrl: otlp, adminUrl: admin } = store;
log.info({ http, otlp, admin }, 'started');
process.on('SIGTERM', () => void store.stop());
log.info({ spans: await store.restored }, 'restored');
