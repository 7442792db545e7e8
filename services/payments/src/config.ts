import { httpUrl, loadConfig, storeServiceConfig } from '@faultline/chassis/config';
import { z } from 'zod';

const milliseconds = z.coerce.number().int().min(1).max(3_600_000);

/** Reads the environment; see the chassis for what the shared variables mean. */
export function readConfig() {
  return loadConfig(
    {
      ...storeServiceConfig,
      PAYMENT_PROVIDER_URL: httpUrl.prefault('http://payment-provider'),
      /** After this long without an answer the outcome of a call is unknown. */
      PROVIDER_TIMEOUT_MS: milliseconds.default(2_000),
      /** How often open payments are looked for; also the first pause between two questions. */
      RESOLVE_INTERVAL_MS: milliseconds.default(1_000),
      /** The longest pause between two questions about one payment. */
      RESOLVE_BACKOFF_MS_MAX: milliseconds.default(30_000),
      /** How long an authorisation voided unseen is watched for. */
      VOID_WATCH_MS: milliseconds.default(600_000),
    },
    process.env,
  );
}
