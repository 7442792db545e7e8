import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatMs, type Pace } from '../pace.ts';
import { ruleFiles, ruleGroups, renderRules } from '../rules.ts';

/** A folder that goes at the end of its scope. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'faultline-rules-'));

  write(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Runs promtool; rejects with what it says when it finds something wrong. */
export async function promtool(...args: string[]): Promise<string> {
  const run = promisify(execFile)('promtool', args, { maxBuffer: 16 * 1024 * 1024 });
  const { stdout, stderr } = await run.catch(
    (error: NodeJS.ErrnoException & { stdout?: string }) => {
      if (error.code !== 'ENOENT')
        throw new Error(`${error.message}\n${error.stdout}`, { cause: error });
      throw new Error(
        'find promtool: it is not on PATH; the set-up (npm run setup) installs it with Prometheus, ' +
          'by hand: sudo apt-get install prometheus, or brew install prometheus',
        { cause: error },
      );
    },
  );
  return `${stdout}${stderr}`;
}

/** Labels of a series, and what they are expected to have at a time. */
export type Expected = { labels: Readonly<Record<string, string>>; value: number };
export type Firing = { labels: Readonly<Record<string, string>>; summary: string };

/** Times are in scrapes: sample number n of every series is scraped at time n. */
export type Scenario = {
  readonly pace: Pace;
  /** Default: all. */
  readonly rules?: readonly (typeof ruleFiles)[number][];
  /** How many scrapes pass between two evaluations; default 1. */
  readonly evaluateEvery?: number;
  /** Series and their samples, one a scrape, in promtool's notation. */
  readonly series: Readonly<Record<string, string>>;
  readonly values?: readonly { at: number; expr: string; are: readonly Expected[] }[];
  /** Alerts that fire, all of that name; none when it is silent. */
  readonly alerts?: readonly { at: number; alert: string; firing: readonly Firing[] }[];
};

/** Plays series to the rules at a pace; rejects where these say something else than expected. */
export async function play(scenario: Scenario): Promise<void> {
  const { pace, series, values = [], alerts = [] } = scenario;
  using folder = new Folder();
  for (const [name, text] of renderRules(pace)) folder.write(name, text);
  const time = (scrapes: number) => formatMs(scrapes * pace.scrapeIntervalMs);
  const test = {
    interval: time(1),
    input_series: Object.entries(series).map(([name, samples]) => ({
      series: name,
      values: samples,
    })),
    promql_expr_test: values.map(({ at, expr, are }) => ({
      expr,
      eval_time: time(at),
      exp_samples: are.map(({ labels, value }) => ({ labels: selector(labels), value })),
    })),
    alert_rule_test: alerts.map(({ at, alert, firing }) => ({
      eval_time: time(at),
      alertname: alert,
      exp_alerts: firing.map(({ labels, summary }) => ({
        exp_labels: labels,
        exp_annotations: { summary, description: descriptionOf(pace, alert) },
      })),
    })),
  };
  const file = {
    rule_files: scenario.rules ?? ruleFiles,
    evaluation_interval: time(scenario.evaluateEvery ?? 1),
    // Otherwise promtool takes them in any order, and each may see what others recorded late.
    group_eval_order: Object.values(ruleGroups(pace))
      .flat()
      .map((group) => group.name),
    tests: [test],
  };
  // JSON is YAML as well.
  await promtool('test', 'rules', folder.write('scenario.json', JSON.stringify(file)));
}

/** A counter's samples: each phase adds `perScrape` for so many scrapes. */
export function counter(
  ...phases: readonly (readonly [scrapes: number, perScrape: number])[]
): string {
  let total = 0;
  return phases
    .map(([scrapes, perScrape]) => {
      const first = total;
      total += scrapes * perScrape;
      return `${first}+${perScrape}x${scrapes - 1}`;
    })
    .join(' ');
}

/** A gauge's samples: a value for so many scrapes. */
export function gauge(...phases: readonly (readonly [scrapes: number, value: number])[]): string {
  return phases.map(([scrapes, value]) => `${value}+0x${scrapes - 1}`).join(' ');
}

function selector(labels: Readonly<Record<string, string>>): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(',')}}`;
}

function descriptionOf(pace: Pace, alert: string): string {
  for (const { rules } of Object.values(ruleGroups(pace)).flat()) {
    const rule = rules.find((one) => 'alert' in one && one.alert === alert);
    if (rule && 'alert' in rule) return rule.annotations.description;
  }
  throw new Error(`look up the alert ${alert}: there is no such rule`);
}
