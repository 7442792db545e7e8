import type { Dashboard, Panel } from './dashboard.ts';

const chosen = 'namespace=~"$namespace",service=~"$service"';
const served = 'http_server_request_duration_seconds';

function line(title: string, unit: Panel['unit'], queries: Panel['queries']): Panel {
  return { title, kind: 'timeseries', unit, queries };
}

/** One service: what it is asked, what it answers, by route and by version, and how full it is. */
export const serviceDashboard: Dashboard = {
  uid: 'faultline-service',
  title: 'Service',
  description: 'Rate, errors and duration of a service by route and by version; saturation.',
  variables: [
    { name: 'namespace', values: 'label_values(service:requests:rate, namespace)', all: true },
    { name: 'service', values: 'label_values(up{service!="",job!="linkerd-proxy"}, service)' },
  ],
  rows: [
    {
      title: 'By version, as its sidecars see it',
      panels: [
        line('Requests', 'reqps', [
          { expr: `version:requests:rate{${chosen}}`, legend: '{{service}} {{version}}' },
        ]),
        line('Errors', 'percentunit', [
          { expr: `version:errors:ratio{${chosen}}`, legend: '{{service}} {{version}}' },
        ]),
        line(
          'Duration',
          'ms',
          ['p50', 'p95', 'p99'].map((quantile) => ({
            expr: `version:latency_ms:${quantile}{${chosen}}`,
            legend: `${quantile} {{version}}`,
          })),
        ),
      ],
    },
    {
      title: 'By route, as it sees itself',
      panels: [
        line('Requests', 'reqps', [
          {
            expr: `sum by (method, route) (rate(${served}_count{${chosen}}[$__rate_interval]))`,
            legend: '{{method}} {{route}}',
          },
        ]),
        line('Errors', 'reqps', [
          {
            expr: `sum by (method, route, status) (rate(${served}_count{${chosen},status=~"5.."}[$__rate_interval]))`,
            legend: '{{method}} {{route}} {{status}}',
          },
        ]),
        line('95 % answered within', 's', [
          {
            expr: `histogram_quantile(0.95, sum by (method, route, le) (rate(${served}_bucket{${chosen}}[$__rate_interval])))`,
            legend: '{{method}} {{route}}',
          },
        ]),
      ],
    },
    {
      title: 'Neighbours',
      panels: [
        line('It asks', 'reqps', [
          { expr: 'edge:requests:rate{client=~"$service"}', legend: '{{server}}' },
        ]),
        line('It asks in vain', 'percentunit', [
          { expr: 'edge:errors:ratio{client=~"$service"}', legend: '{{server}}' },
        ]),
        line('It is asked', 'reqps', [
          { expr: 'edge:requests:rate{server=~"$service"}', legend: '{{client}}' },
        ]),
      ],
    },
    {
      title: 'Saturation',
      panels: [
        line('In flight', 'short', [
          { expr: `service:in_flight:sum{${chosen}}`, legend: 'requests' },
        ]),
        line('Waiting for a database connection', 'short', [
          { expr: `service:pool_waiting:sum{${chosen}}`, legend: 'requests' },
        ]),
        line('Event loop late by', 's', [
          { expr: `service:event_loop_lag_seconds:max{${chosen}}`, legend: 'p99' },
        ]),
        line('CPU cores', 'short', [{ expr: `service:cpu_cores:rate{${chosen}}`, legend: 'used' }]),
        line('Memory', 'bytes', [
          { expr: `service:memory_bytes:sum{${chosen}}`, legend: 'app' },
          {
            expr: `sum(process_resident_memory_bytes{${chosen},job="linkerd-proxy"})`,
            legend: 'sidecars',
          },
        ]),
        line('Jobs and events waiting', 'short', [
          { expr: `service:jobs_queued:max{${chosen}}`, legend: '{{kind}}' },
          { expr: `service:stream_backlog:max{${chosen}}`, legend: '{{stream}}' },
        ]),
      ],
    },
  ],
};
