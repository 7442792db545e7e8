import { createMetrics } from '@faultline/chassis/metrics';
import { METRICS, type MetricSpec } from '@faultline/telemetry/metrics';
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import type { Query } from '../../../observability/grafana/dashboard.ts';
import { dashboardFiles, dashboards } from '../../../observability/grafana/generate.ts';
import { pageFactor } from '../../../observability/grafana/shop.ts';
import { localPace } from '../../../observability/prometheus/pace.ts';
import { ruleGroups } from '../../../observability/prometheus/rules.ts';
import { burnRates } from '../../../observability/prometheus/slo.ts';
import { allowAll, server as policy } from '../../../test/conformance/harness/manifests.ts';
import type { Sample } from '../../../test/conformance/harness/metrics.ts';
import { World } from '../../../test/conformance/harness/world.ts';
import { TempDir } from '../../test/temp-dir.ts';
import { startPrometheus } from './prometheus.ts';

/** The labels that each series is known to have. */
type Known = Map<string, Set<string>>;

/** What relabelling gives every target, Prometheus its own series, and alerts theirs. */
const onTargets = new Set('job instance namespace pod deployment service version'.split(' '));
const ofPrometheus: Readonly<Record<string, readonly string[]>> = {
  up: [],
  process_start_time_seconds: [],
  prometheus_rule_evaluation_failures_total: ['rule_group'],
  ALERTS: ['alertname', 'alertstate', 'severity'],
};

const suffixes = { histogram: ['_bucket', '_sum', '_count'], counter: [''], gauge: [''] } as const;

function fromServices(known: Known): void {
  const specs: readonly MetricSpec[] = Object.values(METRICS);
  for (const { type, name, labelNames } of specs) {
    for (const suffix of suffixes[type]) known.set(name + suffix, new Set([...labelNames, 'le']));
  }
  for (const { name } of createMetrics().registry.getMetricsAsArray()) {
    if (!known.has(name)) known.set(name, new Set());
  }
}

/** Real sidecars that have served, refused, and met nobody. */
async function fromSidecars(known: Known): Promise<void> {
  const world = await World.start();
  try {
    await world.mesh.setReady(world.b2, { ready: false });
    await world.apply(policy());
    await world.get();
    await world.apply(policy(), allowAll());
    await world.get();
    await world.b1.app.stop();
    await world.get();
    await world.mesh.setReady(world.b1, { ready: false });
    await world.get();
    const said = await Promise.all([world.client, world.b1].map((pod) => world.mesh.metrics(pod)));
    for (const { name, labels } of said.flatMap(({ samples }): readonly Sample[] => samples)) {
      known.set(name, new Set([...(known.get(name) ?? []), ...Object.keys(labels)]));
    }
  } finally {
    await world.stop();
  }
}

function fromRules(known: Known): void {
  for (const { rules } of Object.values(ruleGroups(localPace)).flat()) {
    for (const rule of rules) {
      if (!('record' in rule)) continue;
      const by = [...rule.expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
        list.split(', '),
      );
      const labels = [...by, 'client', 'server', ...Object.keys(rule.labels ?? {})];
      known.set(rule.record, new Set([...labels, 'journey', 'slo', 'le']));
    }
  }
}

/** Selectors of an expression: the metric's name and the labels its matchers name. */
function selectorsOf(expr: string): { name: string; labels: string[] }[] {
  const bare = expr
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right) \([^)]*\)/g, '');
  const words = bare.matchAll(/([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})?(\s*\()?/g);
  return Array.from(words).flatMap(([, name = '', matchers = '', call]) => {
    const isWord = call !== undefined || /^(and|or|unless|bool|offset|le)$/.test(name);
    if (isWord) return [];
    const labels = [...matchers.matchAll(/(\w+)(?==~?"|!~?=?")/g)].map(([label]) => label);
    return [{ name, labels }];
  });
}

const queries: readonly (Query & { at: string })[] = Object.entries(dashboards).flatMap(
  ([file, { rows }]) =>
    rows.flatMap(({ panels }) =>
      panels.flatMap(({ title, queries: asked }) =>
        asked.map((query) => ({ ...query, at: `${file}: ${title}` })),
      ),
    ),
);

describe('names in rules and dashboards', function () {
  this.timeout(120_000);
  const known: Known = new Map();

  before(async () => {
    for (const [name, labels] of Object.entries(ofPrometheus)) known.set(name, new Set(labels));
    fromServices(known);
    fromRules(known);
    await fromSidecars(known);
  });

  function problemsOf(expr: string): string[] {
    return selectorsOf(expr).flatMap(({ name, labels }) => {
      const has = known.get(name);
      if (has === undefined) return [`nothing exports or records ${name}`];
      return labels
        .filter((label) => !has.has(label) && !onTargets.has(label))
        .map((label) => `${name} has no label ${label}`);
    });
  }

  it('are told apart from functions, labels and keywords', () => {
    const expr =
      'histogram_quantile(0.95, sum by (le, a) (rate(x_bucket{job="g",le!~"1|2"}[5m]))) and on (a) b:c:d > 1 or vector(0)';
    expect(selectorsOf(expr)).to.deep.equal([
      { name: 'x_bucket', labels: ['job', 'le'] },
      { name: 'b:c:d', labels: [] },
    ]);
    expect(problemsOf('nonsense_total')).to.deep.equal([
      'nothing exports or records nonsense_total',
    ]);
    expect(problemsOf('up{nonsense="1"}')).to.deep.equal(['up has no label nonsense']);
  });

  it('are all exported by services and sidecars, or recorded', () => {
    const rules = Object.values(ruleGroups(localPace))
      .flat()
      .flatMap(({ rules: all }) => all);
    const inRules = rules.flatMap(({ expr }) => problemsOf(expr));
    const inDashboards = queries.flatMap(({ at, expr }) =>
      problemsOf(expr).map((problem) => `${at}: ${problem}`),
    );
    expect([...inRules, ...inDashboards]).to.deep.equal([]);
  });

  it('stand in queries that Prometheus understands', async () => {
    using dir = new TempDir();
    const server = await startPrometheus({ dir: dir.path });
    try {
      for (const { at, expr } of queries) {
        const filled = expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$\w+/g, '.+');
        const url = `${server.url}/api/v1/query?query=${encodeURIComponent(filled)}`;
        const { status, error } = await (await fetch(url)).json();
        expect(status, `${at}: ${expr}: ${error}`).to.equal('success');
      }
    } finally {
      await server.stop();
    }
  });
});

describe('dashboards', () => {
  it('are red where alerts page', () => {
    expect(pageFactor).to.equal(burnRates.find(({ long }) => long === '1h')?.factor);
  });

  it('are the files that Grafana reads', () => {
    for (const [name, text] of dashboardFiles()) {
      const path = new URL(`../../../observability/grafana/dashboards/${name}`, import.meta.url);
      const hint = `${name}: run node observability/grafana/generate.ts`;
      expect(readFileSync(path, 'utf8'), hint).to.equal(text);
    }
  });

  it('lay panels side by side, none over another, each with a number of its own', () => {
    for (const [name, text] of dashboardFiles()) {
      type Placed = { id: number; gridPos: { x: number; y: number; w: number; h: number } };
      const { panels }: { panels: Placed[] } = JSON.parse(text);
      expect(new Set(panels.map(({ id }) => id)).size, name).to.equal(panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
        expect(x + w, name).to.be.at.most(24);
        return Array.from(
          { length: w * h },
          (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`,
        );
      });
      expect(new Set(cells).size, name).to.equal(cells.length);
    }
  });
});
