import { loadConfig, seedConfig, storeServiceConfig } from '@faultline/chassis/config';
import { z } from 'zod';

/** The environment, read once. */
export function readConfig() {
  return loadConfig(
    {
      ...storeServiceConfig,
      ...seedConfig,
      /** Pictures worked on at a time, each in a process of its own. */
      IMAGE_CONCURRENCY: z.coerce.number().int().min(1).max(16).default(1),
      /** After this a job counts as abandoned; longer than all attempts of one delivery together. */
      IMAGE_CLAIM_AFTER_MS: z.coerce.number().int().min(100).max(3_600_000).default(60_000),
      /** One attempt at one picture. */
      IMAGE_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(15_000),
    },
    process.env,
  );
}
