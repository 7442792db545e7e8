import { resolve } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { Folder, promtool } from '../../../observability/prometheus/test/promtool.ts';
import type { Canary } from './canary.ts';
import { loadCanaries } from './load.ts';
import { exposureBetween, exposureQuery, judgeMetrics } from './metrics.ts';

const root = resolve(import.meta.dirname, '../../..');

type Expected = Readonly<Record<string, number | undefined>>;

/** What Prometheus answers the queries of a Canary, given series; `undefined` for nothing. */
async function evaluate(queries: Expected, series: Readonly<Record<string, string>>) {
  const folder = new Folder();
  try {
    const cases = Object.entries(queries).map(([expr, value]) => ({
      expr,
      eval_time: '1m',
      exp_samples: value === undefined ? [] : [{ labels: '{}', value }],
    }));
    const test = {
      evaluation_interval: '2s',
      tests: [
        {
          interval: '2s',
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          promql_expr_test: cases,
        },
      ],
    };
    await promtool('test', 'rules', folder.write('test.yaml', stringify(test)));
  } finally {
    folder[Symbol.dispose]();
  }
}

function growing(perScrape: number): string {
  return `0+${perScrape}x60`;
}

const inbound =
  'namespace="default",deployment="catalog",direction="inbound",srv_name="catalog-http"';
const ok = `response_total{${inbound},classification="success"}`;
const failed = `response_total{${inbound},classification="failure"}`;
const probes = `response_total{${inbound.replace('catalog-http', 'shop-admin-ports')},classification="success"}`;
const primary = `response_total{${inbound.replace('"catalog"', '"catalog-primary"')},classification="failure"}`;

describe('the queries of the shop’s Canaries', function () {
  this.timeout(30_000);
  let queries: ReadonlyMap<string, string>;
  let catalog: Canary;

  before(async () => {
    const canaries = await loadCanaries(root, [resolve(root, 'mesh/canary')]);
    const found = canaries.find(({ name }) => name === 'catalog');
    if (!found) throw new Error('there is no Canary of catalog');
    catalog = found;
    const asked = new Map<string, string>();
    const source = { query: async () => 1 };
    const verdicts = await judgeMetrics({ canary: found, source, strict: false });
    for (const verdict of verdicts) asked.set(verdict.metric, verdict.query);
    queries = asked;
  });

  function query(name: string): string {
    const found = queries.get(name);
    if (found === undefined) throw new Error(`there is no query ${name}`);
    return found;
  }

  it('count the new version’s successes, and neither probes nor the old version', async () => {
    await evaluate(
      { [query('success-rate')]: 75 },
      { [ok]: growing(3), [failed]: growing(1), [probes]: growing(50), [primary]: growing(9) },
    );
  });

  it('say 0 % where every request fails, and nothing where there is none', async () => {
    await evaluate({ [query('success-rate')]: 0 }, { [failed]: growing(5) });
    await evaluate({ [query('success-rate')]: 100 }, { [ok]: growing(5) });
    await evaluate({ [query('success-rate')]: undefined }, { [probes]: growing(5) });
  });

  it('see from the callers’ side what never arrived', async () => {
    const edge = 'parent_namespace="default",parent_name="catalog",backend_name="catalog-canary"';
    const name = 'outbound_http_route_backend_response_statuses_total';
    await evaluate(
      { [query('client-success-rate')]: 50 },
      {
        [`${name}{${edge},http_status="200",error=""}`]: growing(2),
        [`${name}{${edge},http_status="404",error=""}`]: growing(1),
        [`${name}{${edge},http_status="503",error=""}`]: growing(1),
        [`${name}{${edge},http_status="",error="RESPONSE_HEADERS_TIMEOUT"}`]: growing(2),
        [`${name}{${edge.replace('-canary', '-primary')},http_status="503"}`]: growing(9),
      },
    );
  });

  it('see the first failure of a caller, unless it may be of a version before', async () => {
    const edge = 'parent_namespace="default",parent_name="catalog",backend_name="catalog-canary"';
    const name = 'outbound_http_route_backend_response_statuses_total';
    const began = '_x28 1x10';
    const series = {
      [`${name}{${edge},http_status="200",pod="a"}`]: growing(1),
      [`${name}{${edge},http_status="503",pod="a"}`]: began,
    };
    await evaluate({ [query('client-success-rate')]: 80 }, { ...series, 'up{pod="a"}': '1x60' });
    const late = { [`${name}{${edge},http_status="503",pod="b"}`]: began, 'up{pod="b"}': began };
    await evaluate(
      { [query('client-success-rate')]: 100 },
      { [`${name}{${edge},http_status="200",pod="a"}`]: growing(1), ...late },
    );
  });

  it('see the slowest hundredth, and events that came twice', async () => {
    const bucket = (le: string) => `response_latency_ms_bucket{${inbound},le="${le}"}`;
    await evaluate(
      { [query('latency-p99')]: 199 },
      { [bucket('100')]: growing(0), [bucket('200')]: growing(10), [bucket('+Inf')]: growing(10) },
    );
    const labels = 'namespace="default",deployment="catalog",stream="s",group="g"';
    await evaluate({ [query('event-failures')]: 0 }, {});
    await evaluate(
      { [query('event-failures')]: 8 },
      { [`stream_consumer_redelivered_total{${labels}}`]: growing(2) },
    );
  });

  it('count how many requests have met it', async () => {
    const edge = 'parent_namespace="default",parent_name="catalog",backend_name="catalog-canary"';
    const name = 'outbound_http_route_backend_requests_total';
    await evaluate(
      { [exposureQuery(catalog)]: 90 },
      { [`${name}{${edge},pod="a"}`]: growing(1), [`${name}{${edge},pod="b"}`]: growing(2) },
    );
    expect(query('success-rate')).to.include('offset 8s');
  });

  it('know how many requests met a version in a time, also of callers that came meanwhile', async () => {
    const edge = 'parent_namespace="default",parent_name="catalog",backend_name="catalog-canary"';
    const name = 'outbound_http_route_backend_requests_total';
    await evaluate(
      { [exposureBetween(catalog, { fromMs: 20_000, toMs: 40_000 })]: 10 + 12 },
      {
        [`${name}{${edge},pod="there"}`]: growing(1),
        [`${name}{${edge},pod="new"}`]: '_x14 3 6 9 12 12 12 12 12 12 12',
        [`${name}{${edge},pod="gone"}`]: '7x9',
      },
    );
  });
});
