import type { Timing } from './pace.ts';
import type { Group, Recording } from './rule.ts';

/** How full a service is: what it works at, what waits, and the means it uses. */
export function saturationGroup(timing: Timing): Group<Recording> {
  const by = 'by (namespace, service)';
  const app = 'job!="linkerd-proxy",service!=""';
  const cpu = `rate(process_cpu_seconds_total{${app}}[${timing.rate}])`;
  const rules = {
    'in_flight:sum': `sum ${by} (http_server_requests_in_flight)`,
    'cpu_cores:rate': `sum ${by} (${cpu})`,
    'memory_bytes:sum': `sum ${by} (process_resident_memory_bytes{${app}})`,
    'event_loop_lag_seconds:max': `max ${by} (nodejs_eventloop_lag_p99_seconds)`,
    'pool_waiting:sum': `sum ${by} (pg_pool_waiting_requests)`,
    'outbox_pending:max': `max ${by} (outbox_pending_events)`,
    'stream_backlog:max':
      'max by (namespace, service, stream, group) ' +
      '(stream_consumer_lag_entries + stream_consumer_pending_entries)',
    'jobs_queued:max': 'max by (namespace, service, kind) (jobs_queued)',
  };
  return {
    name: 'saturation',
    rules: Object.entries(rules).map(([name, expr]) => ({ record: `service:${name}`, expr })),
  };
}
