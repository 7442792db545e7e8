import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { clusterPace, formatMs, localPace, paceOf, Timing, toMs } from './pace.ts';
import { renderRules, ruleFiles, ruleGroups } from './rules.ts';
import { clusterFiles } from './generate.ts';
import { renderConfig } from './scrape.ts';
import { Folder, promtool } from './test/promtool.ts';

describe('durations', () => {
  it('are read and written as Prometheus does', () => {
    expect(toMs('5m')).to.equal(300_000);
    expect(toMs('3d')).to.equal(259_200_000);
    expect([90_000, 3_600_000, 1_500, 86_400_000].map(formatMs)).to.deep.equal([
      '90s',
      '1h',
      '1500ms',
      '1d',
    ]);
  });

  it('scale by one setting, and never below what scrapes can tell', () => {
    const timing = new Timing(paceOf(2_000));
    expect((['5m', '1h', '3d'] as const).map((nominal) => timing.window(nominal))).to.deep.equal([
      '10s',
      '2m',
      '144m',
    ]);
    expect(timing.hold('2m')).to.equal('10s');
    expect(timing.hold('15m')).to.equal('30s');
    const coarse = new Timing({ scrapeIntervalMs: 10_000, windowScale: 1 / 60 });
    expect(() => coarse.window('5m')).to.throw(
      'scale the window 5m by 0.016666666666666666: 5000 ms, expected at least 40000 ms (4 scrapes)',
    );
  });
});

describe('rules', function () {
  this.timeout(60_000);

  it('are what a cluster’s files say', () => {
    for (const [name, text] of clusterFiles()) {
      const committed = readFileSync(new URL(`cluster/${name}`, import.meta.url), 'utf8');
      expect(committed, `${name}: run node observability/prometheus/generate.ts`).to.equal(text);
    }
  });

  for (const [name, pace] of Object.entries({ cluster: clusterPace, local: localPace })) {
    it(`pass promtool at the ${name} pace, with the configuration that names them`, async () => {
      using folder = new Folder();
      for (const [file, text] of renderRules(pace)) folder.write(file, text);
      folder.write('targets.json', '[]');
      // Debian's promtool knows no Kubernetes; the rest of the configuration is the same.
      const discovery = { kind: 'file', path: 'targets.json' } as const;
      const config = renderConfig({ pace, discovery, self: '127.0.0.1:9090' });
      const said = await promtool('check', 'config', folder.write('prometheus.yaml', config));
      const count = Object.values(ruleGroups(pace))
        .flat()
        .flatMap(({ rules }) => rules).length;
      const found = [...said.matchAll(/SUCCESS: (\d+) rules found/g)].map(([, n]) => Number(n));
      expect(found).to.have.length(ruleFiles.length);
      expect(found.reduce((sum, n) => sum + n)).to.equal(count);
    });
  }

  it('record each name once, in the form level:metric:operation', () => {
    const rules = Object.values(ruleGroups(clusterPace))
      .flat()
      .flatMap(({ rules: all }) => all);
    const names = rules.flatMap((rule) => ('record' in rule ? [rule] : []));
    for (const { record } of names) expect(record).to.match(/^[a-z]+:[a-z_]+:[a-z0-9]+$/);
    const keys = names.map(({ record, labels = {} }) => record + JSON.stringify(labels));
    expect(new Set(keys).size).to.equal(keys.length);
  });

  it('differ between paces in durations and nothing else', () => {
    const shape = (text: string) =>
      text
        .replaceAll(/\b\d+(ms|s|m|h|d)\b/g, 'T')
        .replaceAll(/\b\d+ \* sum_over/g, 'N * sum_over')
        .replaceAll(/\s+/g, ' ');
    const [cluster, local] = [clusterPace, localPace].map(renderRules);
    for (const name of ruleFiles) {
      expect(shape(local?.get(name) ?? '')).to.equal(shape(cluster?.get(name) ?? 'none'));
    }
  });
});

describe('a cluster’s configuration', () => {
  it('finds pods through the API, and relabels as the local one does', () => {
    const self = 'localhost:9090';
    const common = { pace: clusterPace, self };
    const cluster = renderConfig({ ...common, discovery: { kind: 'kubernetes' } });
    const local = renderConfig({ ...common, discovery: { kind: 'file', path: 'targets.json' } });
    const withoutDiscovery = (text: string) =>
      text
        .replaceAll(/ +kubernetes_sd_configs:\n +- role: pod\n/g, '')
        .replaceAll(
          / +file_sd_configs:\n +- files:\n +- targets.json\n +refresh_interval: 5s\n/g,
          '',
        );
    expect(cluster).to.include('kubernetes_sd_configs');
    expect(withoutDiscovery(cluster)).to.equal(withoutDiscovery(local));
  });
});
