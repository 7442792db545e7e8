import type { Dashboard, Panel } from './dashboard.ts';

const chosen = 'namespace=~"$namespace"';
const edge = '{{client}} → {{server}}';

function line(title: string, panel: Pick<Panel, 'unit' | 'queries'> & Partial<Panel>): Panel {
  return { kind: 'timeseries', title, ...panel };
}

function edges(title: string, unit: Panel['unit'], series: string): Panel {
  return line(title, { unit, queries: [{ expr: `${series}{${chosen}}`, legend: edge }] });
}

const secured = `sum by (service) (rate(request_total{${chosen},direction="inbound",srv_name!="shop-admin-ports",tls="true"}[$__rate_interval]))`;
const all = `sum by (service) (rate(request_total{${chosen},direction="inbound",srv_name!="shop-admin-ports"}[$__rate_interval]))`;

/** Who calls whom, what retries and breakers make of it, and whether it is all mutual TLS. */
export const meshDashboard: Dashboard = {
  uid: 'faultline-mesh',
  title: 'Mesh',
  description: 'Edges with their retries and breakers, and identity, from the sidecars.',
  variables: [
    { name: 'namespace', values: 'label_values(edge:requests:rate, namespace)', all: true },
  ],
  rows: [
    {
      title: 'What clients see',
      panels: [
        edges('Requests', 'reqps', 'edge:requests:rate'),
        {
          ...edges('Errors', 'percentunit', 'edge:errors:ratio'),
          description: 'After retries.',
        },
        {
          ...edges('95 % answered within', 's', 'edge:latency_seconds:p95'),
          description: 'Retries included.',
        },
      ],
    },
    {
      title: 'What that takes',
      panels: [
        {
          ...edges('Errors of attempts', 'percentunit', 'edge:attempt_errors:ratio'),
          description: 'More than clients see is what retries hide.',
        },
        edges('Retries', 'reqps', 'edge:retries:rate'),
        {
          ...edges('Attempts per request', 'short', 'edge:retry_amplification:ratio'),
          limit: { value: 1.5 },
        },
      ],
    },
    {
      title: 'Balancers and breakers',
      panels: [
        edges('Endpoints ready', 'short', 'edge:endpoints:ready'),
        {
          ...edges('Endpoints kept out', 'short', 'edge:endpoints:pending'),
          description: 'Breaker shut, or no connection.',
          limit: { value: 1 },
        },
        line('Waiting for an endpoint', {
          unit: 'short',
          queries: [
            {
              expr: `sum by (service, parent_name) (outbound_http_balancer_queue_length{${chosen}})`,
              legend: '{{service}} → {{parent_name}}',
            },
          ],
        }),
        line('Answered by sidecars themselves', {
          unit: 'reqps',
          description: 'Fail-fast, timeouts, refused connections.',
          width: 12,
          queries: ['inbound', 'outbound'].map((direction) => ({
            expr: `sum by (service, error) (rate(${direction}_http_errors_total{${chosen}}[$__rate_interval]))`,
            legend: `${direction} {{service}} {{error}}`,
          })),
        }),
        line('Connections to stores and neighbours', {
          unit: 'short',
          width: 12,
          queries: [
            {
              expr: `sum by (service, dst_service) (tcp_open_connections{${chosen},direction="outbound",peer="dst"})`,
              legend: '{{service}} → {{dst_service}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Identity and policy',
      panels: [
        line('Requests over mutual TLS', {
          unit: 'percentunit',
          limit: { value: 1, below: true },
          queries: [{ expr: `(${secured} or 0 * ${all}) / (${all} > 0)`, legend: '{{service}}' }],
        }),
        line('Denied', {
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (service, client_id) (rate(inbound_http_authz_deny_total{${chosen}}[$__rate_interval]))`,
              legend: '{{service}} from {{client_id}}',
            },
          ],
        }),
        line('Certificates end in', {
          unit: 's',
          limit: { value: 5 * 3_600, below: true },
          queries: [
            {
              expr: `min by (service) (control_identity_cert_expiration_timestamp_seconds{${chosen}} > 0) - time()`,
              legend: '{{service}}',
            },
          ],
        }),
      ],
    },
  ],
};
