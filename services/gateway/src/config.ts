import { httpUrl, loadConfig, redisConfig, serviceConfig } from '@faultline/chassis/config';
import { apis, edgePages } from '@faultline/contracts/edge';
import { z } from 'zod';
import type { Rate } from './limits/token-bucket.ts';

/** `200/400`: requests a second on average, and how many may come at once. */
const rate = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,3})?\/[1-9]\d{0,6}$/, 'expected <per second>/<at once>, such as 200/400')
  .transform((text): Rate => {
    const [perSecond, burst] = text.split('/').map(Number);
    return { perSecond: perSecond ?? 0, burst: burst ?? 1 };
  })
  .refine(({ perSecond }) => perSecond > 0, 'expected more than 0 per second');

/** Every service behind the edge, as the contracts name them. */
const services = new Set([...Object.keys(apis), ...edgePages.map(({ service }) => service)]);

const shape = {
  ...serviceConfig,
  ...redisConfig,
  /** The longest any operation may take; each has a limit of its own below it. */
  REQUEST_TIMEOUT_MS: z.coerce.number().int().min(1).max(600_000).default(60_000),
  /** Host names under which the shop is reached, at any port. */
  ALLOWED_HOSTS: z
    .string()
    .prefault('localhost,127.0.0.1,[::1]')
    .transform((text) => text.split(',').map((host) => host.trim().toLowerCase())),
  /** How many proxies of ours stand in front and add to X-Forwarded-For. */
  TRUSTED_HOPS: z.coerce.number().int().min(0).max(5).default(0),
  RATE_LIMIT_API: rate.prefault('200/400'),
  RATE_LIMIT_PAGES: rate.prefault('200/400'),
  RATE_LIMIT_IDENTITY: rate.prefault('100/200'),
  RATE_LIMIT_CREDENTIALS: rate.prefault('20/200'),
};

/**
 * The service's configuration. `neighbours` are the other services' addresses by name: `ORDERS_URL`
 * where it is set, else `http://orders`.
 * @throws ConfigError naming what is missing or wrong.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env) {
  const neighbours = new Map(
    [...services].map((name) => {
      const variable = `${name.toUpperCase()}_URL`;
      const address = { [variable]: httpUrl.prefault(`http://${name}`) };
      return [name, loadConfig(address, env)[variable] ?? ''];
    }),
  );
  return { ...loadConfig(shape, env), neighbours };
}

/** The variables that name the HTTP proxy in front of the neighbours. */
export const proxyEnv: Readonly<Record<string, string | undefined>> = {
  HTTP_PROXY: process.env['HTTP_PROXY'] ?? process.env['http_proxy'],
  NO_PROXY: process.env['NO_PROXY'] ?? process.env['no_proxy'],
};
