import { formatMs, toMs, type Duration, type Timing } from './pace.ts';
import { atMost, type Alert, type Group, type Recording } from './rule.ts';
import {
  badEventsMin,
  baseWindow,
  budgetPeriod,
  burnRates,
  type BurnRate,
  type Journey,
  journeys,
} from './slo.ts';

const served = 'http_server_request_duration_seconds';
const own = 'namespace, journey, slo';

/**
 * Each journey's requests and bad requests, and how many times too fast they use up the budget, over
 * every window the alerts need. Names keep the production windows at every pace.
 */
export function sloGroups(timing: Timing): Group<Recording>[] {
  const windows = [...new Set(burnRates.flatMap(({ long, short }) => [short, long]))];
  const isSlow = (window: Duration) => toMs(window) > toMs('1h');
  const fast = windows.filter((window) => !isSlow(window));
  return [
    {
      name: 'slo-events',
      rules: [...journeys.flatMap((journey) => eventRules(journey, timing)), ...budgets()],
    },
    { name: 'slo-burn', rules: fast.map((window) => burnRule(window, timing)) },
    {
      name: 'slo-burn-slow',
      interval: timing.slow,
      rules: [
        ...windows.filter(isSlow).map((window) => burnRule(window, timing)),
        budgetLeft(timing),
      ],
    },
  ];
}

/** One rule for each pair of windows; journey and objective are labels. */
export function sloAlerts(timing: Timing): Group<Alert> {
  return { name: 'slo-alerts', rules: burnRates.map((rate) => burnAlert(rate, timing)) };
}

function eventRules({ name, method, routes, latency }: Journey, timing: Timing): Recording[] {
  const rate = (series: string, matchers: string) => {
    const from = `job="gateway",method="${method}",route=~"${routes.join('|')}"${matchers}`;
    return `sum by (namespace) (rate(${series}{${from}}[${timing.window(baseWindow)}]))`;
  };
  const all = rate(`${served}_count`, '');
  const failed = rate(`${served}_count`, ',status=~"5.."');
  const answered = rate(`${served}_count`, ',status!~"5.."');
  const inTime = rate(`${served}_bucket`, `,status!~"5..",${atMost(latency.withinSeconds)}`);
  const record = (what: string, slo: string, expr: string) => ({
    record: `journey:slo_${what}:rate${baseWindow}`,
    expr,
    labels: { journey: name, slo },
  });
  return [
    record('events', 'availability', all),
    record('bad_events', 'availability', `${failed} or 0 * ${all}`),
    record('events', 'latency', answered),
    record('bad_events', 'latency', `clamp_min(${answered} - ${inTime}, 0)`),
  ];
}

/** The share that may be bad. */
function budgets(): Recording[] {
  return journeys.flatMap(({ name, availability, latency }) =>
    Object.entries({ availability, latency: latency.share }).map(([slo, objective]) => ({
      record: 'journey:slo_budget:ratio',
      expr: `vector(${Number((1 - objective).toFixed(6))})`,
      labels: { journey: name, slo },
    })),
  );
}

function burnRule(window: Duration, timing: Timing): Recording {
  return {
    record: `journey:slo_burn:rate${window}`,
    expr: `(${badShare(window, timing)}) ${perBudget}`,
  };
}

const perBudget = '/ on (journey, slo) group_left () journey:slo_budget:ratio';

/** Longer windows are made from the base window's: as exact as needed, and a hundredth of the work. */
function badShare(window: Duration, timing: Timing): string {
  const over = (what: string) => {
    const series = `journey:slo_${what}:rate${baseWindow}`;
    return window === baseWindow ? series : `sum_over_time(${series}[${timing.window(window)}])`;
  };
  return `${over('bad_events')} / (${over('events')} > 0)`;
}

function budgetLeft(timing: Timing): Recording {
  return {
    record: `journey:slo_budget_left:ratio${budgetPeriod}`,
    expr: `1 - (${badShare(budgetPeriod, timing)}) ${perBudget}`,
  };
}

function burnAlert({ severity, long, short, factor }: BurnRate, timing: Timing): Alert {
  const burning = [long, short].map((window) => `journey:slo_burn:rate${window} > ${factor}`);
  const rates = `sum_over_time(journey:slo_bad_events:rate${baseWindow}[${timing.window(long)}])`;
  return {
    alert: 'ErrorBudgetBurn',
    // One sample a scrape: their sum by the seconds between them is a count.
    expr: [...burning, `${timing.scrapeSeconds} * ${rates} >= ${badEventsMin}`].join(
      `\n  and on (${own}) `,
    ),
    labels: { severity, window: long },
    annotations: {
      summary:
        '{{ $labels.journey }} uses up its {{ $labels.slo }} budget ' +
        `{{ $value | printf "%.1f" }} times too fast over ${formatMs(timing.windowMs(long))}.`,
      description:
        `The limit is ${factor} times, over ${formatMs(timing.windowMs(long))} and still over ` +
        `${formatMs(timing.windowMs(short))}. The shop dashboard shows since when; ` +
        '`faultline why` names the origin.',
    },
  };
}
