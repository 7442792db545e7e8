import { expect } from 'chai';
import { formatRollout } from '../../ui/rollout-view.ts';
import { readRollout } from './read.ts';
import { answering, answersOf, event, type Scene } from './testing/answers.ts';

const warning = { type: 'Warning' };
const day = '2026-01-01T';

/** A bad version under way: two checks have failed, and it is not undone yet. */
const failing: Scene = {
  phase: 'Progressing',
  promoted: { status: 'Unknown', at: `${day}10:00:00Z` },
  versions: { primary: '1.0.0', target: '1.1.7-bad', targetReplicas: 1 },
  formerly: '0.9.0',
  applied: `${day}09:59:55Z`,
  weights: { primary: 90, canary: 10 },
  status: { failedChecks: 1, canaryWeight: 10 },
  events: [
    event('10:00:00', 'New revision detected! Scaling up orders.shop'),
    event('10:00:10', 'Starting canary analysis for orders.shop'),
    event('10:00:10', 'Advance orders.shop canary weight 10'),
    event('10:00:20', 'Halt orders.shop advancement success-rate 0.00 < 99', warning),
  ],
};

const undone: Scene = {
  ...failing,
  phase: 'Failed',
  promoted: { status: 'False', at: `${day}10:00:41Z` },
  versions: { ...failing.versions, targetReplicas: 0 },
  weights: { primary: 100, canary: 0 },
  status: { failedChecks: 2 },
  events: [
    ...failing.events.slice(0, 3),
    event('10:00:20', 'Halt orders.shop advancement success-rate 0.00 < 99', {
      ...warning,
      last: '10:00:30',
    }),
    event('10:00:40', 'Rolling back orders.shop failed checks threshold reached 2', warning),
    event('10:00:40', 'Canary failed! Scaling down orders.shop', warning),
  ],
};

type Asked = { query: string; atMs: number };

/** Reads a scene; Prometheus answers by what of a query is in the keys. */
async function read(scene: Scene, values: Record<string, number | Error> = {}) {
  const asked: Asked[] = [];
  const places: unknown[] = [];
  const status = await readRollout('orders', {
    kubectl: answering(answersOf(scene)),
    now: () => Date.parse(`${day}10:30:00Z`),
    async withPrometheus(place, use) {
      places.push(place);
      return use((atMs) => ({
        async query(query) {
          asked.push({ query, atMs });
          const [, value] = Object.entries(values).find(([part]) => query.includes(part)) ?? [];
          if (value instanceof Error) throw value;
          return value;
        },
      }));
    },
  });
  return { status, asked, places };
}

const numbers = {
  outbound_http_route_backend_requests_total: 21.7,
  'direction="inbound", srv_name!="shop-admin-ports", classification': 0,
  outbound_http_route_backend_response_statuses_total: 0,
  histogram_quantile: 40,
};

describe('a rollout in a cluster', () => {
  it('under way has Flagger’s phase, the route’s weights and each check as Flagger asks it', async () => {
    const { status, asked, places } = await read(failing, numbers);
    expect(status).to.deep.include({
      service: 'orders',
      phase: 'Progressing',
      weight: 10,
      weights: { primary: 90, canary: 10 },
      failed_checks: 1,
      threshold: 2,
      paused: false,
      interval_ms: 10_000,
      primary: { version: '1.0.0', replicas: 1, ready: 1 },
      canary: { version: '1.1.7-bad', replicas: 1, ready: 1 },
      message: 'Halt orders.shop advancement success-rate 0.00 < 99',
      unknown: [],
    });
    expect(places).to.deep.equal([
      { address: 'http://prometheus.observability:9090', namespace: 'shop' },
    ]);
    const checks = status.report?.checks ?? [];
    expect(checks.map(({ metric, verdict, value }) => ({ metric, verdict, value }))).to.deep.equal([
      { metric: 'success-rate', verdict: 'fail', value: 0 },
      { metric: 'client-success-rate', verdict: 'fail', value: 0 },
      { metric: 'latency-p99', verdict: 'pass', value: 40 },
    ]);
    expect(checks[0]?.query)
      .to.include('deployment=~"orders"')
      .and.include('namespace="shop"')
      .and.include('offset 1m')
      .and.not.include('{{');
    expect(checks[0]).to.deep.include({ weight: 10, reason: 'success-rate 0.00 < 99' });
    // Now, since it goes on.
    expect(asked[0]?.atMs).to.equal(Date.parse(`${day}10:30:00Z`));
  });

  it('that was undone tells when it was seen and undone, and how many requests met it', async () => {
    const { status, asked } = await read(undone, numbers);
    expect(status.canary).to.equal(null);
    expect(status.report).to.deep.include({
      from_version: '1.0.0',
      to_version: '1.1.7-bad',
      outcome: 'rolled-back',
      started_at: `${day}10:00:00.000Z`,
      first_traffic_at: `${day}10:00:10.000Z`,
      first_failure_at: `${day}10:00:20.000Z`,
      ended_at: `${day}10:00:40.000Z`,
      time_to_detect_ms: 10_000,
      time_to_safe_ms: 30_000,
      requests_met: 22,
      weights: [
        { at: `${day}10:00:10.000Z`, weight: 10 },
        { at: `${day}10:00:40.000Z`, weight: 0 },
      ],
    });
    // What was so at its end; the count a little later, since Prometheus is told with delay.
    const endMs = Date.parse(`${day}10:00:40Z`);
    expect(asked.map(({ atMs }) => atMs - endMs)).to.deep.equal([0, 0, 0, 15_000]);
    expect(asked.at(-1)?.query)
      .to.include(`@ ${endMs / 1_000 - 40}`)
      .and.include(`@ ${endMs / 1_000 + 15}`);
    expect(status.unknown).to.deep.equal([]);
  });

  it('reads like one of the local engine', async () => {
    const { status } = await read(undone, numbers);
    const text = formatRollout(status);
    expect(text).to.include('orders: 1.0.0 → 1.1.7-bad, rolled-back (Failed)');
    expect(text).to.include('traffic: 10 % at 10.0 s, 0 % at 40.0 s');
    expect(text).to.include(
      'requests that met it: 22\ntime to detect: 10.0 s\ntime to safe: 30.0 s',
    );
    expect(text).to.match(/success-rate +fail +0/);
  });

  it('that was promoted names the version that the primary had before', async () => {
    const { status } = await read({
      ...failing,
      phase: 'Succeeded',
      promoted: { status: 'True', at: `${day}10:02:00Z` },
      versions: { primary: '1.1.8', target: '1.1.8', targetReplicas: 0 },
      formerly: '1.0.0',
      weights: { primary: 100, canary: 0 },
      events: [
        ...failing.events.slice(0, 3),
        event('10:01:00', 'Copying orders.shop template spec to orders-primary.shop'),
        event('10:01:50', 'Routing all traffic to primary'),
        event('10:02:00', 'Promotion completed! Scaling down orders.shop'),
      ],
    });
    expect(status.report).to.deep.include({
      from_version: '1.0.0',
      to_version: '1.1.8',
      outcome: 'promoted',
      ended_at: `${day}10:02:00.000Z`,
      first_failure_at: null,
      time_to_safe_ms: null,
    });
  });

  it('that never got ready says so, and that nothing was asked of it', async () => {
    const waiting =
      'canary deployment orders.shop not ready: waiting for rollout to finish: 0 of 1 ' +
      '(readyThreshold 100%) updated replicas are available';
    const began = failing.events.slice(0, 1);
    const waits = event('10:00:10', waiting, { ...warning, last: '10:02:00' });
    const running = await read({ ...failing, events: [...began, waits] }, numbers);
    expect(running.status).to.deep.include({ message: waiting, unknown: [] });
    expect(running.status.report).to.deep.include({ checks: [], requests_met: 0 });
    const failed = event('10:02:10', 'Canary failed! Scaling down orders.shop', warning);
    const { status } = await read({ ...undone, events: [...began, waits, failed] }, numbers);
    expect(status.message).to.equal(`it never got ready, and nobody was sent to it: ${waiting}`);
    expect(status.report).to.deep.include({
      outcome: 'rolled-back',
      weights: [],
      checks: [],
      requests_met: 0,
      time_to_detect_ms: null,
    });
    expect(formatRollout(status)).to.include('Failed: it never got ready');
  });

  it('says what nobody knows any more instead of making it up', async () => {
    const { status, asked } = await read({ ...undone, events: [] }, numbers);
    expect(status.message).to.equal('the condition of Failed');
    expect(status.report).to.deep.include({
      outcome: 'rolled-back',
      started_at: null,
      ended_at: `${day}10:00:41.000Z`,
      first_traffic_at: null,
      requests_met: null,
      time_to_detect_ms: null,
      time_to_safe_ms: null,
    });
    expect(status.unknown).to.deep.equal([
      'when it began and how its share grew: no event tells',
      'how many requests met it: nobody knows since when to count',
    ]);
    expect(asked.every(({ query }) => !query.includes(' @ '))).to.equal(true);
    expect(formatRollout(status))
      .to.include('requests that met it: unknown')
      .and.include('not known: when it began');
  });

  it('does not take an earlier rollout’s words for its own', async () => {
    // The rollout before was kept with its events; of this one the cluster dropped all.
    const { status } = await read({ ...undone, applied: `${day}10:00:20Z` }, numbers);
    expect(status.report?.started_at).to.equal(null);
    // The same words again: what was first may be of the one before.
    const again = await read(
      {
        ...undone,
        events: [
          event('09:30:00', 'New revision detected! Scaling up orders.shop', { last: '10:00:00' }),
          event('09:30:10', 'Advance orders.shop canary weight 10', { last: '10:00:10' }),
          event('09:30:20', 'Halt orders.shop advancement success-rate 0.00 < 99', {
            ...warning,
            last: '10:00:30',
          }),
          event('09:30:40', 'Canary failed! Scaling down orders.shop', {
            ...warning,
            last: '10:00:40',
          }),
        ],
      },
      numbers,
    );
    expect(again.status.report).to.deep.include({
      first_traffic_at: `${day}10:00:10.000Z`,
      first_failure_at: null,
      time_to_detect_ms: null,
      time_to_safe_ms: 30_000,
    });
    expect(again.status.unknown[0]).to.include('failed by the same words');
  });

  it('was not detected by whom it waited for, or by a webhook that failed', async () => {
    const [began, started, advanced, halted] = failing.events;
    const { status } = await read(
      {
        ...failing,
        events: [
          began,
          event('10:00:05', 'Halt orders.shop advancement waiting for approval gate', warning),
          started,
          event('10:00:08', 'Halt orders.shop advancement pre-rollout check load failed', warning),
          advanced,
          event('10:00:15', 'Halt orders.shop advancement external check load failed', warning),
          halted,
        ],
      },
      numbers,
    );
    expect(status.report).to.include({ time_to_detect_ms: 10_000 });
    const silent = event(
      '10:00:30',
      'Halt advancement no values found for custom metric: success-rate: no values found',
      warning,
    );
    const quiet = await read({ ...failing, events: [began, advanced, silent] }, numbers);
    expect(quiet.status.report).to.include({ time_to_detect_ms: 20_000 });
  });

  it('says when the cluster has combined events', async () => {
    const combined = '(combined from similar events): Advance orders.shop canary weight 50';
    const { status } = await read({
      ...failing,
      events: [...failing.events, event('10:00:50', combined)],
    });
    expect(status.report?.weights.at(-1)?.weight).to.equal(50);
    expect(status.unknown.join()).to.include('combined');
  });

  it('goes by Flagger’s condition while its beginning was not told', async () => {
    const { status } = await read({ ...failing, events: [] }, numbers);
    expect(status.report?.started_at).to.equal(`${day}10:00:00.000Z`);
    expect(status.report?.requests_met).to.equal(22);
  });

  it('has a reason for each check that could not be asked', async () => {
    const { status } = await read(failing, { '': new Error('connect ECONNREFUSED') });
    expect(status.report?.checks.map(({ verdict, reason }) => [verdict, reason])).to.deep.equal(
      Array.from({ length: 3 }, () => ['unavailable', 'connect ECONNREFUSED']),
    );
    expect(status.unknown).to.deep.equal([
      'how many requests met it: Prometheus has no count of them',
    ]);
  });

  it('of a Canary that has only just been made is none', async () => {
    const { status, asked } = await read({
      ...failing,
      phase: 'Initialized',
      promoted: { status: 'True', at: `${day}09:00:00Z` },
      versions: { primary: '1.0.0', target: '1.0.0', targetReplicas: 0 },
      spec: { suspend: true },
      events: [event('09:00:00', 'Initialization done! orders.shop')],
    });
    expect(status).to.deep.include({ report: null, canary: null, paused: true });
    expect(asked).to.deep.equal([]);
  });

  it('without a route has all its calls with what the Service leads to', async () => {
    const { weights: _, ...rest } = failing;
    const { status } = await read(rest);
    expect(status.weights).to.deep.equal({ primary: 100, canary: 0 });
    expect(status.unknown[0]).to.include('there is no route');
  });
});
