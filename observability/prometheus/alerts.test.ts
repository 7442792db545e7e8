import { expect } from 'chai';
import { alertGroups } from './alerts.ts';
import { paceOf, Timing } from './pace.ts';
import { counter, type Firing, gauge, play } from './test/promtool.ts';

/** A scrape a second; what must last does so for five of them at least. */
const pace = paceOf(1_000);
const rules = ['red.yaml', 'alerts.yaml'] as const;

/** An alert's fault begins at 60 and ends at 120. */
const phases = (before: number, during: number) => gauge([60, before], [60, during], [120, before]);

type Case = {
  alert: string;
  title: string;
  /** Healthy for a minute, then the fault for a minute, then healthy again. */
  series: Record<string, string>;
  /** At 110. */
  firing: Firing[];
  /** By when it must be silent again; default 140. */
  silentAt?: number;
};

const client = { namespace: 'shop', client: 'gateway', server: 'catalog' };
const edge = 'namespace="shop",service="gateway",parent_name="catalog"';
const orders = 'namespace="shop",service="orders"';
const ticket = { severity: 'ticket' };

/** How long a sidecar's certificate has, in seconds at time 110. */
const certificate = (secondsLeft: number) => ({
  'control_identity_cert_expiration_timestamp_seconds{pod="orders-a"}': gauge(
    [60, 90_000],
    [60, 110 + secondsLeft],
    [120, 90_000],
  ),
  'control_identity_cert_expiration_timestamp_seconds{pod="not-yet"}': gauge([240, 0]),
});

const expiring = (severity: string, left: string): Firing => ({
  labels: { severity, pod: 'orders-a' },
  summary: `The certificate of orders-a ends in ${left}, and should have been renewed.`,
});

const cases: readonly Case[] = [
  {
    alert: 'TargetDown',
    title: 'an instance gives no metrics',
    series: {
      'up{job="orders",pod="orders-a",instance="127.0.0.1:1"}': phases(1, 0),
      'up{job="orders",pod="orders-b",instance="127.0.0.1:2"}': gauge([240, 1]),
    },
    firing: [
      {
        labels: { ...ticket, job: 'orders', pod: 'orders-a', instance: '127.0.0.1:1' },
        summary: 'orders orders-a (127.0.0.1:1) gives no metrics.',
      },
    ],
  },
  {
    alert: 'JourneysUnwatched',
    title: 'the gateway is gone',
    series: {
      'up{job="gateway"}': '1+0x59 stale _x59 1+0x120',
      'process_start_time_seconds{job="prometheus"}': gauge([240, -100]),
    },
    firing: [
      {
        labels: { severity: 'page' },
        summary: 'No gateway gives metrics: whether people can buy is unknown.',
      },
    ],
  },
  {
    alert: 'RulesFailing',
    title: 'rules cannot be evaluated',
    series: {
      'prometheus_rule_evaluation_failures_total{rule_group="slo"}': counter(
        [60, 0],
        [60, 1],
        [120, 0],
      ),
    },
    firing: [
      {
        labels: { ...ticket, rule_group: 'slo' },
        summary: 'Rules of slo cannot be evaluated.',
      },
    ],
  },
  {
    alert: 'SpansLost',
    title: 'the trace store takes none',
    series: {
      [`telemetry_spans_dropped_total{${orders},pod="a"}`]: counter([60, 0], [60, 4], [120, 0]),
    },
    firing: [
      {
        labels: { ...ticket, namespace: 'shop', service: 'orders' },
        summary: 'orders loses spans: traces have gaps.',
      },
    ],
  },
  {
    alert: 'SidecarCertificateExpiring',
    title: 'a certificate was not renewed',
    series: certificate(4 * 3_600),
    firing: [expiring('ticket', '4h 0m 0s')],
  },
  {
    alert: 'SidecarCertificateExpiring',
    title: 'a certificate is about to end',
    series: certificate(600),
    firing: [expiring('ticket', '10m 0s'), expiring('page', '10m 0s')],
  },
  {
    alert: 'BreakerOpen',
    title: 'a breaker is shut, but for its probes',
    series: {
      [`outbound_http_balancer_endpoints{${edge},endpoint_state="pending"}`]: [
        gauge([60, 0]),
        ...Array.from({ length: 10 }, () => gauge([5, 1], [1, 0])),
        gauge([120, 0]),
      ].join(' '),
    },
    firing: [
      {
        labels: { ...ticket, ...client },
        summary: 'gateway keeps endpoints of catalog out: 0.8 on average.',
      },
    ],
  },
  {
    alert: 'RetryStorm',
    title: 'retries multiply what is asked',
    series: {
      [`outbound_http_route_request_statuses_total{${edge},http_status="200"}`]: counter([240, 10]),
      [`outbound_http_route_backend_requests_total{${edge}}`]: counter(
        [60, 10],
        [60, 25],
        [120, 10],
      ),
      [`outbound_http_route_retry_requests_total{${edge}}`]: counter([60, 0], [60, 15], [120, 0]),
    },
    firing: [
      {
        labels: { ...ticket, ...client },
        summary: 'gateway sends catalog 2.5 requests for each that it was asked for.',
      },
    ],
  },
  {
    alert: 'StoreDown',
    title: 'a store answers nobody',
    series: {
      'dependency_up{namespace="shop",service="orders",dependency="redis"}': phases(1, 0),
      'dependency_up{namespace="shop",service="catalog",dependency="redis"}': phases(1, 0),
      'dependency_up{namespace="shop",service="orders",dependency="postgresql"}': gauge([240, 1]),
    },
    firing: [
      {
        labels: { severity: 'page', namespace: 'shop', dependency: 'redis' },
        summary: 'redis answers none of the services that need it.',
      },
    ],
  },
  {
    alert: 'StoreUnreachable',
    title: 'a store answers others only',
    series: {
      'dependency_up{namespace="shop",service="orders",dependency="postgresql"}': phases(1, 0),
      'dependency_up{namespace="shop",service="catalog",dependency="postgresql"}': gauge([240, 1]),
      'dependency_up{namespace="shop",service="catalog",dependency="redis"}': phases(1, 0),
    },
    firing: [
      {
        labels: { ...ticket, namespace: 'shop', service: 'orders', dependency: 'postgresql' },
        summary: 'postgresql does not answer orders, but others.',
      },
    ],
  },
  {
    alert: 'EventsNotPublished',
    title: 'the outbox is stuck',
    series: { [`outbox_oldest_pending_age_seconds{${orders}}`]: phases(2, 90) },
    firing: [
      {
        labels: { ...ticket, namespace: 'shop', service: 'orders' },
        summary: 'An event of orders has waited for 1m 30s to be published.',
      },
    ],
  },
  {
    alert: 'EventBacklog',
    title: 'a consumer is behind',
    series: {
      [`stream_consumer_lag_entries{${orders},stream="s",group="g"}`]: phases(0, 70),
      [`stream_consumer_pending_entries{${orders},stream="s",group="g"}`]: phases(1, 5),
    },
    firing: [
      {
        labels: { ...ticket, namespace: 'shop', service: 'orders', stream: 's', group: 'g' },
        summary: 'orders is behind: 75 entries of s wait.',
      },
    ],
  },
];

describe('alerts', function () {
  this.timeout(60_000);

  for (const { alert, title, series, firing, silentAt = 140 } of cases) {
    it(`${alert} fires when ${title}, and only while it is so`, async () => {
      const alerts = [
        { at: 50, alert, firing: [] },
        { at: 110, alert, firing },
        { at: silentAt, alert, firing: [] },
      ];
      // The gateway is there, as far as the case does not say.
      await play({
        pace,
        rules,
        series: { 'up{job="gateway"}': gauge([240, 1]), ...series },
        alerts,
      });
    });
  }

  it('have a case each', () => {
    const all = alertGroups(new Timing(pace)).flatMap((group) => group.rules);
    expect(new Set(cases.map(({ alert }) => alert))).to.deep.equal(
      new Set(all.map(({ alert }) => alert)),
    );
  });

  it('are silent on a restart, a late scrape and a burst', async () => {
    const blip = gauge([60, 1], [3, 0], [120, 1]);
    const burst = gauge([60, 0], [3, 500], [120, 0]);
    const series = {
      'up{job="gateway"}': blip,
      'process_start_time_seconds{job="prometheus"}': gauge([240, -100]),
      'dependency_up{namespace="shop",service="orders",dependency="redis"}': blip,
      'dependency_up{namespace="shop",service="catalog",dependency="redis"}': gauge([240, 1]),
      [`stream_consumer_lag_entries{${orders},stream="s",group="g"}`]: burst,
      [`stream_consumer_pending_entries{${orders},stream="s",group="g"}`]: gauge([240, 0]),
      [`outbound_http_balancer_endpoints{${edge},endpoint_state="pending"}`]: gauge(
        [60, 0],
        [3, 1],
        [120, 0],
      ),
    };
    const values = Array.from({ length: 12 }, (_, index) => ({
      at: 58 + index,
      expr: 'ALERTS{alertstate="firing"}',
      are: [],
    }));
    await play({ pace, rules, series, values });
  });

  it('do not miss the gateway while everything is just starting', async () => {
    const series = {
      'up{job="gateway"}': gauge([20, 0], [200, 1]),
      'process_start_time_seconds{job="prometheus"}': gauge([240, 0]),
    };
    const at = [10, 15, 19, 70];
    await play({
      pace,
      rules,
      series,
      alerts: at.map((one) => ({ at: one, alert: 'JourneysUnwatched', firing: [] })),
    });
  });
});
