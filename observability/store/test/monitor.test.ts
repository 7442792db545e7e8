import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { id, type OtlpSpan, span, TRACE } from './support/otlp.ts';
import { startTestStore, type TestStore } from './support/store.ts';

const PROMTOOL = '/usr/bin/promtool';

describe('span metrics', () => {
  let store: TestStore;

  before(async () => {
    store = await startTestStore();
    const calls = (durationMs: number, count: number, fields: Partial<OtlpSpan> = {}) =>
      Array.from({ length: count }, (_, n) =>
        span({ spanId: id(n + 1 + durationMs * 100), name: 'GET /a', durationMs, ...fields }),
      );
    await store.send([...calls(1, 60), ...calls(90, 20)], { service: 'web', version: '1' });
    await store.send(calls(90, 20, { status: { code: 2 } }), { service: 'web', version: '2' });
    await store.send(calls(1, 5, { name: 'call', kind: 3 }), { service: 'web', version: '2' });
    await store.send(calls(1, 10, { name: 'GET "b"\n' }), { service: 'api' });
  });

  after(() => store.stop());

  const RANGE = 'lookback=60000&step=60000&ratePer=600000';
  const ahead = () => `endTs=${Date.now() + 60_000}`;

  it('answers call rates per second by service', async () => {
    const { body } = await store.get(`/api/metrics/calls?service=web&${RANGE}&${ahead()}`);
    expect(body).to.deep.include({
      name: 'service_call_rate',
      type: 'GAUGE',
      help: 'calls/sec, grouped by service',
    });
    const [{ labels, metricPoints }] = body.metrics;
    expect(labels).to.deep.equal([{ name: 'service_name', value: 'web' }]);
    const { timestamp, gaugeValue } = metricPoints.at(-1);
    expect(new Date(timestamp).toISOString()).to.equal(timestamp);
    expect(gaugeValue.doubleValue).to.be.closeTo(100 / 600, 1e-9);
  });

  it('answers error shares between 0 and 1', async () => {
    const { body } = await store.get(`/api/metrics/errors?service=web&${RANGE}&${ahead()}`);
    expect(body.name).to.equal('service_error_rate');
    expect(body.metrics[0].metricPoints.at(-1).gaugeValue.doubleValue).to.be.closeTo(0.2, 1e-9);
  });

  it('answers zeros where there are calls and no errors', async () => {
    const { body } = await store.get(`/api/metrics/errors?service=api&${RANGE}&${ahead()}`);
    expect(body.metrics[0].metricPoints.at(-1).gaugeValue.doubleValue).to.equal(0);
  });

  it('answers latency quantiles in milliseconds', async () => {
    const path = `/api/metrics/latencies?service=web&${RANGE}&${ahead()}`;
    const { body } = await store.get(`${path}&quantile=0.5`);
    expect(body).to.deep.include({
      name: 'service_latencies',
      help: '0.50th quantile latency, grouped by service',
    });
    // 60 of 100 calls are in the bucket up to 2 ms: the 50th stands 5/6 into it.
    expect(body.metrics[0].metricPoints.at(-1).gaugeValue.doubleValue).to.be.closeTo(5 / 3, 1e-9);
    const p95 = await store.get(`${path}&quantile=0.95`);
    expect(p95.body.metrics[0].metricPoints.at(-1).gaugeValue.doubleValue).to.be.within(50, 100);
  });

  it('groups by operation and keeps to kinds of spans', async () => {
    const query = `service=web&groupByOperation=true&spanKind=client&spanKind=server`;
    const { body } = await store.get(`/api/metrics/calls?${query}&${RANGE}&${ahead()}`);
    expect([body.name, body.help]).to.deep.equal([
      'service_operation_call_rate',
      'calls/sec, grouped by service & operation',
    ]);
    expect(body.metrics.map(({ labels }: { labels: object }) => labels)).to.deep.equal([
      [
        { name: 'service_name', value: 'web' },
        { name: 'operation', value: 'GET /a' },
      ],
      [
        { name: 'service_name', value: 'web' },
        { name: 'operation', value: 'call' },
      ],
    ]);
  });

  it('answers for several services, with defaults for the rest', async () => {
    const { status, body } = await store.get('/api/metrics/calls?service=web&service=api');
    expect([status, body.metrics.length]).to.deep.equal([200, 2]);
  });

  it('has no metrics of an unknown service', async () => {
    const { status, body } = await store.get('/api/metrics/calls?service=nobody');
    expect([status, body.metrics]).to.deep.equal([200, []]);
  });

  const wrong: Record<string, RegExp> = {
    'calls?step=5': /^unable to parse param 'service': please provide at least one service name$/,
    'latencies?service=web': /^unable to parse param 'quantile'/,
    'latencies?service=web&quantile=2': /^unable to parse param 'quantile'/,
    'calls?service=web&spanKind=odd':
      /^unable to parse param 'spanKind': unsupported span kind: 'odd'$/,
    'calls?service=web&endTs=x': /^unable to parse param 'endTs'/,
    'calls?service=web&lookback=1h': /^unable to parse param 'lookback'/,
    'calls?service=web&step=0': /^unable to parse param 'step'/,
    'calls?service=web&step=1': /^lookback \/ step: expected at most 11000 points$/,
    'calls?service=web&ratePer=-1': /^unable to parse param 'ratePer'/,
    'calls?service=web&groupByOperation=maybe': /^unable to parse param 'groupByOperation'/,
  };
  for (const [path, message] of Object.entries(wrong)) {
    it(`refuses ${path}`, async () => {
      const { status, body } = await store.get(`/api/metrics/${path}`);
      expect([status, body.errors[0].code]).to.deep.equal([400, 400]);
      expect(body.errors[0].msg).to.match(message);
    });
  }

  describe('as a scraper reads them', () => {
    it('have the names and labels of the span metrics connector', async () => {
      const { type, text } = await scrape();
      expect(type).to.equal('text/plain; version=0.0.4; charset=utf-8');
      const labels =
        'service_name="web",service_version="2",span_name="GET /a",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_ERROR"';
      expect(text).to.contain(`traces_span_metrics_calls{${labels}} 20\n`);
      const duration = 'traces_span_metrics_duration_milliseconds';
      expect(text).to.contain(`${duration}_bucket{${labels},le="50.0"} 0\n`);
      expect(text).to.contain(`${duration}_bucket{${labels},le="100.0"} 20\n`);
      expect(text).to.contain(`${duration}_bucket{${labels},le="+Inf"} 20\n`);
      expect(text).to.contain(`${duration}_sum{${labels}} 1800\n`);
      expect(text).to.contain(`${duration}_count{${labels}} 20\n`);
      expect(text).to.contain(String.raw`span_name="GET \"b\"\n"`);
      expect(text).to.match(/^faultline_store_traces 1$/m);
    });

    it('carry exemplars in OpenMetrics', async () => {
      const { type, text } = await scrape('application/openmetrics-text;version=1.0.0,*/*;q=0.1');
      expect(type).to.contain('application/openmetrics-text');
      expect(text).to.match(
        new RegExp(
          `le="100.0"} 20 # \\{trace_id="${TRACE}",span_id="[0-9a-f]{16}"\\} 90 [0-9.]+\n`,
        ),
      );
      expect(text.endsWith('# EOF\n')).to.equal(true);
    });

    it('satisfy promtool', async function () {
      if (!existsSync(PROMTOOL)) this.skip();
      const { text } = await scrape();
      const check = promisify(execFile)(PROMTOOL, ['check', 'metrics']);
      check.child.stdin?.end(text);
      const { stderr } = await check.catch((error: { stderr: string }) => error);
      // Its linter wants counters to end in _total and times in seconds; dashboards want these names.
      const isTaste = (line: string) => /_calls .*_total|use base unit "seconds"/.test(line);
      const complaints = stderr.split('\n').filter((line) => line !== '' && !isTaste(line));
      expect(complaints).to.deep.equal([]);
    });
  });

  async function scrape(accept?: string): Promise<{ type: string | null; text: string }> {
    const headers = accept ? { accept } : {};
    const answer = await fetch(`${store.adminUrl}/metrics`, { headers });
    return { type: answer.headers.get('content-type'), text: await answer.text() };
  }
});

describe('the admin port', () => {
  it('answers probes', async () => {
    await using store = await startTestStore();
    for (const path of ['/livez', '/readyz']) {
      expect((await fetch(store.adminUrl + path)).status).to.equal(200);
    }
  });
});
