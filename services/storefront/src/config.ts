import { httpUrl, loadConfig, serviceConfig } from '@faultline/chassis/config';
import { z } from 'zod';

const optional = z.string().optional();

/**
 * The storefront's settings.
 * @throws ConfigError naming what is missing or wrong.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env) {
  const config = loadConfig(
    {
      ...serviceConfig,
      CATALOG_URL: httpUrl.prefault('http://catalog'),
      INVENTORY_URL: httpUrl.prefault('http://inventory'),
      ORDERS_URL: httpUrl.prefault('http://orders'),
      PROFILES_URL: httpUrl.prefault('http://profiles'),
      /** Off where the shop is served over plain http. */
      COOKIE_SECURE: z.stringbool().default(false),
      // The standard proxy environment, for streams; other calls find it by themselves.
      HTTP_PROXY: optional,
      http_proxy: optional,
      NO_PROXY: optional,
      no_proxy: optional,
    },
    env,
  );
  const { HTTP_PROXY, http_proxy, NO_PROXY, no_proxy } = config;
  return { ...config, proxyEnv: { HTTP_PROXY, http_proxy, NO_PROXY, no_proxy } };
}
