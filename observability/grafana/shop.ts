import type { Dashboard } from './dashboard.ts';

/** From which burn over an hour on somebody is paged. */
export const pageFactor = 14.4;
const chosen = 'namespace=~"$namespace"';

/** Whether people can do what they came for, and what that does to the budgets. */
export const shopDashboard: Dashboard = {
  uid: 'faultline-shop',
  title: 'Shop',
  description: 'Journeys, their error budgets, and the services behind them.',
  variables: [
    { name: 'namespace', values: 'label_values(service:requests:rate, namespace)', all: true },
  ],
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Pages firing',
          kind: 'stat',
          unit: 'short',
          width: 4,
          limit: { value: 1 },
          queries: [
            { expr: 'count(ALERTS{alertstate="firing",severity="page"}) or vector(0)', legend: '' },
          ],
        },
        {
          title: 'Alerts firing',
          kind: 'table',
          unit: 'short',
          width: 20,
          queries: [{ expr: 'ALERTS{alertstate="firing"}', legend: '' }],
        },
      ],
    },
    {
      title: 'Journeys',
      panels: [
        {
          title: 'Requests',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (journey) (journey:slo_events:rate5m{${chosen},slo="availability"})`,
              legend: '{{journey}}',
            },
          ],
        },
        {
          title: 'Failed',
          kind: 'timeseries',
          unit: 'percentunit',
          description: 'Share of requests that ended in a 5xx at the gateway.',
          queries: [{ expr: badShare('availability'), legend: '{{journey}}' }],
        },
        {
          title: 'Too slow',
          kind: 'timeseries',
          unit: 'percentunit',
          description: 'Share of the others that took longer than was promised.',
          queries: [{ expr: badShare('latency'), legend: '{{journey}}' }],
        },
      ],
    },
    {
      title: 'Error budgets',
      panels: [
        {
          title: 'Left of 30 days’ budget',
          kind: 'bargauge',
          unit: 'percentunit',
          description: 'On a laptop a budget is for as long as there is data.',
          limit: { value: 0.25, below: true },
          queries: [
            {
              expr: `journey:slo_budget_left:ratio30d{${chosen}}`,
              legend: '{{journey}} {{slo}}',
            },
          ],
        },
        {
          title: 'Burn over an hour',
          kind: 'timeseries',
          unit: 'short',
          description: '1 uses up the budget exactly in its 30 days. Red pages somebody.',
          limit: { value: pageFactor },
          queries: [{ expr: `journey:slo_burn:rate1h{${chosen}}`, legend: '{{journey}} {{slo}}' }],
        },
        {
          title: 'Burn over five minutes',
          kind: 'timeseries',
          unit: 'short',
          limit: { value: pageFactor },
          queries: [{ expr: `journey:slo_burn:rate5m{${chosen}}`, legend: '{{journey}} {{slo}}' }],
        },
      ],
    },
    {
      title: 'Services',
      panels: [
        perService('Requests', 'reqps', 'service:requests:rate'),
        perService('Errors', 'percentunit', 'service:errors:ratio'),
        perService('95 % answered within', 'ms', 'service:latency_ms:p95'),
        {
          title: 'Stores that do not answer',
          kind: 'timeseries',
          unit: 'short',
          description: 'How many instances get no answer.',
          limit: { value: 1 },
          queries: [
            {
              expr: `count by (dependency) (dependency_up{${chosen}} == 0) or 0 * count by (dependency) (dependency_up{${chosen}})`,
              legend: '{{dependency}}',
            },
          ],
        },
        {
          title: 'Events waiting to be published',
          kind: 'timeseries',
          unit: 'short',
          queries: [{ expr: `service:outbox_pending:max{${chosen}}`, legend: '{{service}}' }],
        },
        {
          title: 'Events waiting to be handled',
          kind: 'timeseries',
          unit: 'short',
          queries: [
            { expr: `service:stream_backlog:max{${chosen}}`, legend: '{{service}} {{stream}}' },
          ],
        },
      ],
    },
  ],
};

function badShare(slo: string): string {
  const sum = (what: string) =>
    `sum by (journey) (journey:slo_${what}:rate5m{${chosen},slo="${slo}"})`;
  return `${sum('bad_events')} / (${sum('events')} > 0)`;
}

function perService(title: string, unit: 'reqps' | 'percentunit' | 'ms', series: string) {
  return {
    title,
    kind: 'timeseries',
    unit,
    queries: [{ expr: `${series}{${chosen}}`, legend: '{{service}}' }],
  } as const;
}
