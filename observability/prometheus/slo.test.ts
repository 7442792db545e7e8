import { clusterPace, localPace, type Pace } from './pace.ts';
import { counter, play } from './test/promtool.ts';

const minute = 1;
const hour = 60;
const day = 24 * hour;

/** A scrape a minute keeps days short enough to play. */
const paces: Readonly<Record<string, Pace>> = {
  cluster: { ...clusterPace, scrapeIntervalMs: 60_000 },
  local: localPace,
};

type Phase = { scrapes: number; requests: number; failed?: number; slow?: number };

/** What a gateway counts of `POST /checkout`. */
function checkout(...phases: Phase[]): Record<string, string> {
  const served = 'http_server_request_duration_seconds';
  const of = (what: (phase: Phase) => number) =>
    counter(...phases.map((phase) => [phase.scrapes, what(phase)] as const));
  const labels = 'job="gateway",namespace="shop",method="POST",route="/checkout"';
  const good = ({ requests, failed = 0 }: Phase) => requests - failed;
  return {
    [`${served}_count{${labels},status="303"}`]: of(good),
    [`${served}_count{${labels},status="503"}`]: of(({ failed = 0 }) => failed),
    [`${served}_bucket{${labels},status="303",le="2.5"}`]: of(
      (phase) => good(phase) - (phase.slow ?? 0),
    ),
    [`${served}_bucket{${labels},status="503",le="2.5"}`]: of(({ failed = 0 }) => failed),
  };
}

/** The windows whose alerts fire at a time, all of `buy`; `of` narrows down which alerts count. */
function burning(at: number, windows: readonly string[], of = 'slo="availability"') {
  const alerts = `ALERTS{alertname="ErrorBudgetBurn",alertstate="firing",journey="buy",${of}}`;
  const are = windows.map((window) => ({ labels: { window }, value: 1 }));
  return { at, expr: `sum by (window) (${alerts})`, are };
}

const slow = { rules: ['slo.yaml'], evaluateEvery: 5 } as const;

for (const [name, pace] of Object.entries(paces)) {
  describe(`error budgets at the ${name} pace`, function () {
    this.timeout(120_000);

    it('page within minutes when a tenth of the requests fails, and stop soon after', async () => {
      const series = checkout(
        { scrapes: 2 * hour, requests: 1_000 },
        { scrapes: 20 * minute, requests: 1_000, failed: 100 },
        { scrapes: hour, requests: 1_000 },
      );
      const values = [
        burning(2 * hour + 5, [], 'slo="availability",window="1h"'),
        burning(2 * hour + 12, ['1h'], 'slo="availability",window="1h",severity="page"'),
        burning(2 * hour + 27, [], 'slo="availability",window="1h"'),
      ];
      await play({ pace, rules: ['slo.yaml'], series, values });
    });
  });
}

describe('error budgets', function () {
  this.timeout(120_000);
  const pace = localPace;

  it('are left alone by a healthy shop, by refusals and by idle hours', async () => {
    const series = checkout(
      { scrapes: 8 * hour, requests: 100 },
      { scrapes: 8 * hour, requests: 0 },
    );
    const refused = Object.entries(series).flatMap(([key, samples]) =>
      key.includes('303') ? [[key.replace('303', '402'), samples] as const] : [],
    );
    const times = [1, 5, 6 * hour, 8 * hour + 3, 15 * hour];
    const values = times.map((at) => burning(at, [], 'slo!=""'));
    await play({ pace, ...slow, series: { ...series, ...Object.fromEntries(refused) }, values });
  });

  it('page for one failure in a hundred, after some hours, and stop soon after', async () => {
    const series = checkout(
      { scrapes: 8 * hour, requests: 1_000 },
      { scrapes: 5 * hour, requests: 1_000, failed: 10 },
      { scrapes: 2 * hour, requests: 1_000 },
    );
    const pages = 'slo="availability",severity="page"';
    const values = [
      burning(9 * hour, [], pages),
      burning(13 * hour, ['6h'], pages),
      burning(14 * hour, [], pages),
    ];
    await play({ pace, ...slow, series, values });
  });

  it('make a ticket of a slow burn, by the day’s window and by the three days’', async () => {
    const series = checkout(
      { scrapes: day, requests: 1_000 },
      { scrapes: 22 * hour, requests: 1_000, failed: 4 },
      { scrapes: 10 * hour, requests: 1_000 },
    );
    const values = [
      burning(day + 4 * hour, []),
      burning(day + 21 * hour, ['1d', '3d'], 'slo="availability",severity="ticket"'),
      burning(2 * day + 2 * hour, ['3d']),
      burning(2 * day + 7 * hour, []),
    ];
    await play({ pace, ...slow, series, values });
  });

  it('are for speed as well: failures are not slow, and slowness fails nobody', async () => {
    const series = checkout(
      { scrapes: 2 * hour, requests: 1_000 },
      { scrapes: 55 * minute, requests: 1_000, slow: 900 },
      { scrapes: 10 * minute, requests: 1_000, failed: 900 },
    );
    const page = (slo: string) => `slo="${slo}",window="1h"`;
    const values = [
      burning(2 * hour + 40, [], page('latency')),
      burning(2 * hour + 54, ['1h'], page('latency')),
      burning(2 * hour + 54, [], page('availability')),
      burning(3 * hour + 4, [], page('latency')),
      burning(3 * hour + 4, ['1h'], page('availability')),
    ];
    await play({ pace, rules: ['slo.yaml'], series, values });
  });

  it('need three bad requests before anybody is told', async () => {
    const checkouts = (failed: number) =>
      checkout(
        { scrapes: hour, requests: 1 },
        { scrapes: 1, requests: 4, failed },
        { scrapes: 9, requests: 1 },
      );
    const at = hour + 4;
    const pages = 'slo="availability",window="1h"';
    for (const [failed, windows] of [
      [2, []],
      [4, ['1h']],
    ] as const) {
      const values = [burning(at, windows, pages)];
      await play({ pace, rules: ['slo.yaml'], series: checkouts(failed), values });
    }
  });

  it('say how much is left, and how fast it goes', async () => {
    const series = checkout({ scrapes: 4 * hour, requests: 10_000, failed: 5 });
    const of = (slo: string) => ({ namespace: 'shop', journey: 'buy', slo });
    const at = 3 * hour;
    const shares = (expr: string, availability: number, latency: number) => ({
      at,
      expr: `round(${expr}{journey="buy"}, 0.01)`,
      are: [
        { labels: of('availability'), value: availability },
        { labels: of('latency'), value: latency },
      ],
    });
    const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'];
    const values = [
      shares('journey:slo_budget_left:ratio30d', 0.5, 1),
      ...windows.map((window) => shares(`journey:slo_burn:rate${window}`, 0.5, 0)),
    ];
    await play({ pace, ...slow, series, values });
  });
});

describe('journeys', () => {
  it('are all watched, by page and by API, each with its own threshold', async () => {
    const journeys = {
      browse: ['GET', '/products/:slug', '/api/v1/products/:id', '1'],
      search: ['GET', '/search', '/api/v1/products', '1'],
      'sign in': ['POST', '/sign-in', '/api/v1/sessions', '2.5'],
      buy: ['POST', '/checkout', '/api/v1/orders', '2.5'],
      upload: ['POST', '/api/v1/images', '/api/v1/images', '5'],
    } as const;
    const rates = Object.entries(journeys).flatMap(([journey, [method, page, api, le]]) =>
      [...new Set([page, api])].flatMap((route): [string, string][] => {
        const labels = `job="gateway",namespace="shop",method="${method}",route="${route}",status="200"`;
        const name = 'http_server_request_duration_seconds';
        return [
          [`${name}_count{${labels},x="${journey}"}`, counter([30, 20])],
          [`${name}_bucket{${labels},x="${journey}",le="${le}"}`, counter([30, 15])],
        ];
      }),
    );
    const own = (journey: string, slo: string, value: number) => ({
      labels: { journey, slo, namespace: 'shop' },
      value,
    });
    const total = (journey: string) => (journey === 'upload' ? 10 : 20);
    const names = Object.keys(journeys);
    const sum = (what: string) => `sum by (namespace, journey, slo) (journey:slo_${what}:rate5m)`;
    await play({
      pace: localPace,
      rules: ['slo.yaml'],
      series: Object.fromEntries(rates),
      values: [
        {
          at: 20,
          expr: sum('events'),
          are: names.flatMap((one) =>
            ['availability', 'latency'].map((slo) => own(one, slo, total(one))),
          ),
        },
        {
          at: 20,
          expr: sum('bad_events'),
          are: names.flatMap((one) => [
            own(one, 'availability', 0),
            own(one, 'latency', total(one) / 4),
          ]),
        },
      ],
    });
  });
});
