import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Clock } from '@faultline/chassis/clock';
import { type HttpServer, listen } from '@faultline/chassis/server';
import { createConsole } from '@faultline/console/console';
import type { StoreConfig } from './config.ts';

/**
 * Serves the console on a port of its own, over the store's own API; undefined where no address is
 * configured. In this process, as a second one would cost more memory than all that it does.
 */
export async function startConsole(deps: {
  config: StoreConfig;
  clock: Clock;
  /** The store's query API. */
  api: RequestListener;
}): Promise<HttpServer | undefined> {
  const { config, clock, api } = deps;
  const { listenConsole: address, consoleHosts: hosts, prometheusUrl, engineSocket } = config;
  if (!address) return undefined;
  const token = randomBytes(24).toString('base64url');
  const handler = await createConsole({ api, prometheusUrl, engineSocket, token, hosts });
  return listen(handler, { address, clock });
}
