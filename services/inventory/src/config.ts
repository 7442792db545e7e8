import { loadConfig, seedConfig, storeServiceConfig } from '@faultline/chassis/config';
import { z } from 'zod';

/** Reads the environment; see the chassis for what the shared variables mean. */
export function readConfig() {
  return loadConfig(
    {
      ...storeServiceConfig,
      ...seedConfig,
      /** How often reservations past their time are looked for. */
      EXPIRY_INTERVAL_MS: z.coerce.number().int().min(10).max(60_000).default(1_000),
    },
    process.env,
  );
}
