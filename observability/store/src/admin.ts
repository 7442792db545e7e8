import type { Exchange, Router } from './http/router.ts';
import { exposition, type Gauge, OPENMETRICS_TYPE, TEXT_TYPE } from './metrics/exposition.ts';
import type { SpanMetrics } from './metrics/span-metrics.ts';

export type AdminOptions = {
  metrics: SpanMetrics;
  ready: () => boolean;
  /** The measures of the process itself, taken now. */
  own: () => Gauge[];
};

/** `/livez`, `/readyz` and `/metrics`. */
export function addAdminRoutes(router: Router, { metrics, ready, own }: AdminOptions): void {
  router.add('GET', '/livez', (exchange) => sendText(exchange, 200, 'live\n'));
  router.add('GET', '/readyz', (exchange) =>
    ready() ? sendText(exchange, 200, 'ready\n') : sendText(exchange, 503, 'not ready\n'),
  );
  router.add('GET', '/metrics', ({ req, res }) => {
    const openMetrics = req.headers.accept?.includes('application/openmetrics-text') ?? false;
    const body = [...exposition(metrics, { own: own(), openMetrics })].join('');
    res.writeHead(200, { 'Content-Type': openMetrics ? OPENMETRICS_TYPE : TEXT_TYPE });
    res.end(req.method === 'HEAD' ? undefined : body);
  });
}

function sendText({ res }: Exchange, status: number, text: string): void {
  res.writeHead(status, { 'Content-Type': 'text/plain' }).end(text);
}
