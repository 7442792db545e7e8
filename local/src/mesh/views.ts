import type { Decision } from '@faultline/mesh-proxy/decisions';
import { readExposition } from '@faultline/origin/exposition';
import { http } from '../net/http.ts';
import type { Status } from '../status.ts';
import type { ProxyView } from './edges.ts';

/** What a proxy decided about one request, and whose proxy. */
export type TappedDecision = Decision & { instance: string };

/** Where the proxies' admin ports are. */
function proxiesOf({ services }: Status): { service: string; instance: string; url: string }[] {
  return services.flatMap(({ name: service, instances }) =>
    instances.flatMap(({ name: instance, proxy_admin_url: url }) =>
      url === null ? [] : [{ service, instance, url }],
    ),
  );
}

/** Looks at every proxy once; those that do not answer are left out. */
export async function lookAtProxies(status: Status): Promise<ProxyView[]> {
  const views = proxiesOf(status).map(async ({ service, url }): Promise<ProxyView[]> => {
    try {
      const [metrics, endpoints] = await Promise.all([
        read(`${url}/metrics`),
        read(`${url}/debug/endpoints`),
      ]);
      const { backends } = JSON.parse(endpoints);
      return [{ service, samples: readExposition(metrics), backends }];
    } catch {
      return []; // it is being stopped or started
    }
  });
  return (await Promise.all(views)).flat();
}

/** The decisions that all proxies took after `sinceMs`, in order of time. */
export async function decisionsSince(status: Status, sinceMs: number): Promise<TappedDecision[]> {
  const all = proxiesOf(status).map(async ({ instance, url }): Promise<TappedDecision[]> => {
    try {
      // The proxy is of this same release.
      const { decisions } = JSON.parse(await read(`${url}/debug/decisions`)) as {
        decisions: Decision[];
      };
      return decisions
        .filter(({ atMs, durationMs }) => durationMs !== undefined && atMs > sinceMs)
        .map((decision) => ({ ...decision, instance }));
    } catch {
      return []; // as above
    }
  });
  return (await Promise.all(all)).flat().toSorted((a, b) => a.atMs - b.atMs);
}

function read(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = http.request(
      url,
      { agent: false, signal: AbortSignal.timeout(2_000) },
      (reply) => {
        let body = '';
        reply.setEncoding('utf8');
        reply.on('data', (chunk: string) => (body += chunk));
        reply.on('error', reject);
        reply.on('end', () => resolve(body));
      },
    );
    call.on('error', reject);
    call.end();
  });
}
