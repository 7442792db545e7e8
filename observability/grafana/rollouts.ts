import type { Dashboard, Panel } from './dashboard.ts';

const chosen = 'namespace=~"$namespace",service=~"$service"';
const backends = `rate(outbound_http_route_backend_requests_total{namespace=~"$namespace",parent_name=~"$service"}[$__rate_interval])`;
const perBackend = `sum by (parent_name, backend_name) (${backends})`;

function versions(title: string, unit: Panel['unit'], expr: string): Panel {
  return {
    title,
    kind: 'timeseries',
    unit,
    queries: [{ expr, legend: '{{service}} {{version}}' }],
  };
}

/** How a new version takes over, and whether it does worse than the old one. */
export const rolloutsDashboard: Dashboard = {
  uid: 'faultline-rollouts',
  title: 'Rollouts',
  description: 'Traffic, errors and duration of the versions of a service beside each other.',
  variables: [
    { name: 'namespace', values: 'label_values(version:requests:rate, namespace)', all: true },
    { name: 'service', values: 'label_values(version:requests:rate, service)', all: true },
  ],
  rows: [
    {
      title: 'Where requests go',
      panels: [
        versions(
          'Share by version',
          'percentunit',
          `version:requests:rate{${chosen}} / on (namespace, service) group_left () (service:requests:rate{${chosen}} > 0)`,
        ),
        {
          title: 'Share by backend, as clients split it',
          kind: 'timeseries',
          unit: 'percentunit',
          description: 'Every attempt counts. A canary’s weight, as it is.',
          queries: [
            {
              expr: `${perBackend} / on (parent_name) group_left () (sum by (parent_name) (${backends}) > 0)`,
              legend: '{{parent_name}} → {{backend_name}}',
            },
          ],
        },
        versions(
          'Instances by version',
          'short',
          `count by (service, version) (up{${chosen},job!="linkerd-proxy"} == 1)`,
        ),
      ],
    },
    {
      title: 'Versions beside each other',
      panels: [
        versions('Errors', 'percentunit', `version:errors:ratio{${chosen}}`),
        versions('99 % answered within', 'ms', `version:latency_ms:p99{${chosen}}`),
        versions(
          'Memory of an instance',
          'bytes',
          `avg by (service, version) (process_resident_memory_bytes{${chosen},job!="linkerd-proxy"})`,
        ),
      ],
    },
  ],
};
