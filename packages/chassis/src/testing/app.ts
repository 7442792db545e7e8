import type Koa from 'koa';
import { systemClock } from '../clock.ts';
import { listen } from '../server.ts';

/** A Koa app listening on a free loopback port. */
export type TestServer = { readonly url: string; close(): Promise<void> };

/** Serves `app` for a test. */
export async function serve(app: Koa): Promise<TestServer> {
  const server = await listen(app.callback(), {
    address: { host: '127.0.0.1', port: 0 },
    clock: systemClock,
  });
  return {
    url: server.url,
    async close() {
      await server.drain(systemClock.monotonic() + 200);
    },
  };
}

/** The headers that make a request come from `id`, as the gateway would send them. */
export function asPrincipal(id: string, role = 'customer'): Record<string, string> {
  return { 'x-principal-id': id, 'x-principal-role': role };
}
