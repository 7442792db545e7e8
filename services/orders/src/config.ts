import { httpUrl, loadConfig, storeServiceConfig } from '@faultline/chassis/config';
import { z } from 'zod';

const milliseconds = z.coerce.number().int().min(1).max(3_600_000);

/** The environment of the orders service. Durations are milliseconds. */
export function readConfig() {
  return loadConfig(
    {
      ...storeServiceConfig,
      CATALOG_URL: httpUrl.prefault('http://catalog'),
      INVENTORY_URL: httpUrl.prefault('http://inventory'),
      PAYMENTS_URL: httpUrl.prefault('http://payments'),
      /** Bounds each call to a neighbour; three of them fit into a lease. */
      CALL_TIMEOUT_MS: milliseconds.max(5_000).default(3_000),
      /** How long placing an order waits for it to be settled before it answers 202. */
      PLACE_WAIT_MS: milliseconds.default(8_000),
      /** When an order that makes no progress is given up. */
      SAGA_GIVE_UP_MS: milliseconds.default(60_000),
      SAGA_LEASE_MS: milliseconds.min(1_000).default(15_000),
      SAGA_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(8),
    },
    process.env,
  );
}
