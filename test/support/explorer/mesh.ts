/** What an engine says of two services, in its shapes. */
export const engineAnswers = {
  status: () => ({
    services: ['gateway', 'orders', 'payments', 'notifications'].map((name) => ({
      name,
      version: '1.0.0',
      replicas: 1,
      instances: [
        instance(name, '1.0.0'),
        ...(name === 'payments' ? [instance(name, '1.1.0')] : []),
      ],
    })),
    stores: [{ name: 'postgres', kind: 'postgres', ready: true, restarts: 0 }],
    links: {},
  }),
  mesh: (input: unknown) => {
    const view: unknown = Reflect.get(Object(input), 'view');
    return view === 'routes' ? routes : policy;
  },
  manifests: () => [
    {
      path: 'services/payments/deploy/payments.yaml',
      text: 'apiVersion: apps/v1\nkind: Deployment\n',
    },
  ],
} as const;

function instance(service: string, version: string) {
  return {
    name: `${service}-${version.replaceAll('.', '')}`,
    version,
    pid: 4_711,
    proxy_pid: 4_712,
    ready: version === '1.0.0',
    restarts: 0,
    state: version === '1.0.0' ? 'Running' : 'CrashLoopBackOff',
    admin_url: null,
    proxy_admin_url: null,
  };
}

const routes = {
  statuses: [],
  warnings: [],
  services: [
    {
      namespace: 'default',
      name: 'payments',
      port: 80,
      protocol: 'http',
      routes: [
        {
          ref: { name: 'payments-reads' },
          rules: [
            {
              matches: [{ method: 'GET', path: { type: 'PathPrefix', value: '/' } }],
              filters: [],
              backends: [
                { weight: 90, filters: [], target: { kind: 'service', name: 'payments-primary' } },
                { weight: 10, filters: [], target: { kind: 'service', name: 'payments-canary' } },
              ],
              timeouts: { requestMs: 5_000 },
              retry: { statuses: [[502, 504]], grpcStatuses: [], limit: 2, timeoutMs: 2_000 },
            },
          ],
        },
      ],
      timeouts: {},
      accrual: { maxFailures: 7, backoff: { minMs: 1_000, maxMs: 10_000, jitterRatio: 0.5 } },
    },
  ],
};

const policy = {
  warnings: [],
  rateLimits: [],
  instances: [
    {
      name: 'payments-100',
      servers: [
        {
          port: 8080,
          ref: { name: 'payments-http' },
          authorizations: [
            {
              name: 'payments-callers',
              authentication: {
                identities: ['orders.default.serviceaccount.identity.linkerd.cluster.local'],
              },
            },
          ],
          routes: [],
        },
      ],
      default: [],
    },
  ],
};
