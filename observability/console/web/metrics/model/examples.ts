export type Example = { readonly title: string; readonly query: string };

/** Questions that come up, in PromQL over what is recorded of every system. */
export const examples: readonly { readonly about: string; readonly of: readonly Example[] }[] = [
  {
    about: 'Requests',
    of: [
      { title: 'Requests a second, by service', query: 'service:requests:rate' },
      { title: 'Share of errors, by service', query: 'service:errors:ratio' },
      { title: '95th percentile in ms, by service', query: 'service:latency_ms:p95' },
      {
        title: 'Requests by route and status',
        query:
          'sum by (route, status) (rate(http_server_request_duration_seconds_count{service="gateway"}[1m]))',
      },
    ],
  },
  {
    about: 'Versions',
    of: [
      { title: 'Share of errors, by version', query: 'version:errors:ratio' },
      { title: '99th percentile in ms, by version', query: 'version:latency_ms:p99' },
    ],
  },
  {
    about: 'Between services',
    of: [
      { title: 'Attempts for each request', query: 'edge:retry_amplification:ratio' },
      {
        title: 'Errors that retries hid',
        query: 'edge:attempt_errors:ratio - edge:errors:ratio > 0',
      },
      { title: 'Instances kept out by breakers', query: 'edge:endpoints:pending > 0' },
    ],
  },
  {
    about: 'Promises',
    of: [
      { title: 'Error budget left', query: 'journey:slo_budget_left:ratio30d' },
      { title: 'How fast budgets burn', query: 'journey:slo_burn:rate1h' },
    ],
  },
  {
    about: 'Saturation',
    of: [
      {
        title: 'Processor time, by service',
        query: 'sum by (service) (rate(process_cpu_seconds_total[1m]))',
      },
      { title: 'Memory, by service', query: 'sum by (service) (process_resident_memory_bytes)' },
    ],
  },
];
