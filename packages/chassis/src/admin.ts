import type { RequestListener } from 'node:http';
import type { Registry } from 'prom-client';

/** The health of one thing a service depends on, for people; probes do not look at it. */
export type HealthCheck = { name: string; check: () => Promise<void> };

export type AdminOptions = {
  registry: Registry;
  /** Own ability to serve: started, not draining. */
  ready: () => boolean;
  checks: readonly HealthCheck[];
  describe: () => Record<string, unknown>;
};

/**
 * The admin port: `/livez` (the event loop turns), `/readyz`, `/health/details`, `/metrics`.
 * It bypasses authentication, limits and the access log, and is never public.
 */
export function adminHandler(options: AdminOptions): RequestListener {
  const pages: Readonly<
    Record<string, () => Promise<[status: number, type: string, body: string]>>
  > = {
    '/livez': async () => [200, 'text/plain', 'live\n'],
    '/readyz': async () =>
      options.ready() ? [200, 'text/plain', 'ready\n'] : [503, 'text/plain', 'not ready\n'],
    '/health/details': async () => [
      200,
      'application/json',
      JSON.stringify(await details(options)),
    ],
    '/metrics': async () => [200, options.registry.contentType, await options.registry.metrics()],
  };
  return (req, res) => {
    // Not `new URL`, which throws for what a client may well send, such as `//`.
    const page = pages[req.url?.split('?')[0] ?? ''];
    if (!page || (req.method !== 'GET' && req.method !== 'HEAD')) {
      res.writeHead(page ? 405 : 404).end();
      return;
    }
    page().then(
      ([status, type, body]) => res.writeHead(status, { 'Content-Type': type }).end(body),
      () => res.writeHead(500).end(),
    );
  };
}

async function details({ checks, describe }: AdminOptions): Promise<Record<string, unknown>> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => {
      try {
        await check();
        return { name, status: 'up' };
      } catch (error) {
        return {
          name,
          status: 'down',
          reason: error instanceof Error ? error.message : String(error),
        };
      }
    }),
  );
  return { ...describe(), dependencies: results };
}
