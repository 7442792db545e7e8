import { expect } from 'chai';
import type { Canary } from './canary.ts';
import { parseCanaries } from './load.ts';
import { exposureQuery, judgeMetrics } from './metrics.ts';
import type { MetricSource } from './prometheus.ts';
import { findPlaceholderProblem, renderQuery } from './query.ts';

const template = `
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: { name: share, namespace: test }
spec:
  provider: { type: prometheus }
  query: good{service="{{ service }}", x="{{ variables.x }}"}[{{interval}}]
---
`;

function canaryWith(metrics: string): Canary {
  const text = `${template}
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: c, namespace: test }
spec:
  targetRef: { name: podinfo }
  service: { name: shop, port: 80, gatewayRefs: [{ group: core, kind: Service, name: shop }] }
  analysis: { stepWeight: 10, metrics: [${metrics}] }
`;
  const [canary] = parseCanaries([{ file: 'c.yaml', text }]);
  if (!canary) throw new Error('there is no canary');
  return canary;
}

/** Answers by the first part of a query. */
function answering(answers: Readonly<Record<string, number | undefined | Error>>): MetricSource {
  return {
    async query(promql) {
      const text = promql.replaceAll(/\s+/g, ' ');
      const key = Object.keys(answers).find((start) => text.startsWith(start)) ?? '';
      const answer = answers[key];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

const success = '{ name: request-success-rate, thresholdRange: { min: 99 } }';
const duration = '{ name: request-duration, thresholdRange: { max: 500 } }';
const share =
  '{ name: own, interval: 30s, templateRef: { name: share }, templateVariables: { x: y }, thresholdRange: { min: 1, max: 2 } }';
const rate = 'sum(rate(response_total{';
const sent =
  'outbound_http_route_backend_requests_total{parent_namespace="test", parent_name="shop", backend_name="shop-canary"}';

describe('a metric', () => {
  it('is asked with the canary’s names in it', async () => {
    const canary = canaryWith(`${success}, ${duration}, ${share}`);
    const source = answering({ [rate]: 99.5, histogram_quantile: 120, good: 1.5 });
    const verdicts = await judgeMetrics({ canary, source, strict: true });
    expect(verdicts.map(({ kind, query }) => [kind, query.replaceAll(/\s+/g, ' ')])).to.deep.equal([
      [
        'pass',
        'sum(rate(response_total{namespace="test", deployment=~"podinfo", direction="inbound", classification!="failure"}[1m])) / sum(rate(response_total{namespace="test", deployment=~"podinfo", direction="inbound"}[1m])) * 100',
      ],
      [
        'pass',
        'histogram_quantile( 0.99, sum(rate(response_latency_ms_bucket{namespace="test", deployment=~"podinfo", direction="inbound"}[1m])) by (le) )',
      ],
      ['pass', 'good{service="shop", x="y"}[30s]'],
    ]);
  });

  it('fails outside its range, at either end', async () => {
    const canary = canaryWith(`${success}, ${duration}, ${share}`);
    const source = answering({ [rate]: 98.99, histogram_quantile: 501, good: 0.5 });
    const verdicts = await judgeMetrics({ canary, source, strict: true });
    expect(verdicts.map((verdict) => 'reason' in verdict && verdict.reason)).to.deep.equal([
      'request-success-rate 98.99 < 99',
      'request-duration 501.00 > 500',
      'own 0.50 < 1',
    ]);
    const high = await judgeMetrics({ canary, source: answering({ good: 2.5 }), strict: true });
    expect(high[2]).to.include({ kind: 'fail', reason: 'own 2.50 > 2' });
  });

  it('of a duration counts in whole milliseconds, as Flagger’s does', async () => {
    const canary = canaryWith(duration);
    const source = answering({ histogram_quantile: 500.9 });
    expect((await judgeMetrics({ canary, source, strict: true }))[0]).to.include({
      kind: 'pass',
      value: 500,
    });
  });

  it('without values tells whether there is traffic to have values of', async () => {
    const canary = canaryWith(success);
    const quiet = await judgeMetrics({ canary, source: answering({}), strict: true });
    expect(quiet[0]).to.include({ kind: 'no-values', hasTraffic: false });
    expect(quiet[0]).to.have.property('reason').that.includes('podinfo.test is not receiving');
    // Every request fails, so that there are no successes to divide.
    const failing: MetricSource = {
      query: async (text) => (text === `sum(rate(${sent}[1m]))` ? 4.25 : undefined),
    };
    const [verdict] = await judgeMetrics({ canary, source: failing, strict: true });
    expect(verdict).to.include({
      kind: 'no-values',
      hasTraffic: true,
      reason: 'although it takes 4.3 requests a second',
    });
  });

  it('is not asked about the time before the new version got its share', async () => {
    const canary = canaryWith(share);
    const asked = async (trafficMs: number) => {
      const [verdict] = await judgeMetrics({
        canary,
        source: answering({ good: 1 }),
        strict: true,
        trafficMs,
      });
      return verdict?.query;
    };
    expect(await asked(4_200.5)).to.match(/\[4201ms\]$/);
    expect(await asked(40_000)).to.match(/\[30s\]$/);
    expect(await asked(0)).to.match(/\[30s\]$/);
  });

  it('says nothing for a version that has just begun, but against it', async () => {
    const canary = canaryWith(share);
    const kindOf = async (good: number, trafficMs: number) => {
      const source = answering({ good });
      return (await judgeMetrics({ canary, source, strict: true, trafficMs }))[0]?.kind;
    };
    expect(await kindOf(1, 1_999)).to.equal('no-values');
    expect(await kindOf(1, 2_000)).to.equal('pass');
    expect(await kindOf(0, 500)).to.equal('fail');
  });

  it('without values soon after it got a share tells of no traffic', async () => {
    const canary = canaryWith(success);
    // It has just been given some, and was not looked at often enough.
    const failing: MetricSource = {
      query: async (text) => (text === `sum(rate(${sent}[30000ms]))` ? 4.25 : undefined),
    };
    const early = { canary, source: failing, strict: true, trafficMs: 30_000 };
    expect((await judgeMetrics(early))[0]).to.include({ kind: 'no-values', hasTraffic: false });
  });

  it('that cannot be asked says why, and the others are asked all the same', async () => {
    const canary = canaryWith(`${success}, ${duration}`);
    const source = answering({ [rate]: new Error('connect ECONNREFUSED'), histogram_quantile: 1 });
    const verdicts = await judgeMetrics({ canary, source, strict: true });
    expect(verdicts.map(({ kind }) => kind)).to.deep.equal(['unavailable', 'pass']);
    expect(verdicts[0]).to.have.property('reason', 'connect ECONNREFUSED');
  });

  it('with a variable that nobody set cannot be asked', async () => {
    const canary = canaryWith(share.replace('x: y', 'z: y'));
    const [verdict] = await judgeMetrics({ canary, source: answering({}), strict: true });
    expect(verdict).to.include({ kind: 'unavailable' });
    expect(verdict).to.have.property('reason').that.includes("no templateVariable 'x'");
  });
});

describe('a query', () => {
  const model = {
    name: 'n',
    namespace: 'ns',
    target: 't',
    service: 's',
    ingress: 'i',
    route: 'r',
    interval: '1m',
    variables: { x: '1', 'a-b': '2' },
  };

  it('takes Flagger’s placeholders in all their spellings', () => {
    const text = '{{name}} {{ namespace }} {{- target -}} {{ service }}{{ ingress }}{{ route }}';
    expect(renderQuery(text, model)).to.equal('n ns t sir');
    expect(
      renderQuery('[{{ interval }}] {{ variables.x }} {{ index variables "a-b" }}', model),
    ).to.equal('[1m] 1 2');
    expect(renderQuery('sum by (le) (x{a="b"})', model)).to.equal('sum by (le) (x{a="b"})');
  });

  it('says what it does not know', () => {
    expect(findPlaceholderProblem('{{ target }} {{ variables.any }}')).to.equal(undefined);
    expect(findPlaceholderProblem('{{ range x }}')).to.include('not {{ range x }}');
    expect(() => renderQuery('{{ targets }}', model)).to.throw('not {{ targets }}');
  });

  it('counts those who met the new version', () => {
    expect(exposureQuery(canaryWith(success))).to.equal(`sum(${sent})`);
  });
});
