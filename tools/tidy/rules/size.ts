import { functionsOf } from '../functions.ts';
import { countLines, productUnits, testUnits, type Project } from '../project.ts';
import { overLimit, percentile, round, type Finding, type Rule } from '../rule.ts';

type Limits = { median: number; p90: number; max: number };
type Measure = { path: string; line: number; name: string; value: number };

const fileLimits: Limits = { median: 90, p90: 220, max: 400 };
const functionLimits: Limits = { median: 10, p90: 30, max: 70 };
const serviceLimits = { median: 1100, max: 1600 };
const testShare = { least: 0.8, most: 1.5 };

export const fileLength: Rule = {
  name: 'file length',
  target: 'median ≤ 90, p90 ≤ 220, max 400',
  check(project) {
    const files = productUnits(project).map(({ path, lines }) => ({
      path,
      line: 0,
      name: 'the file',
      value: lines.length,
    }));
    return judge('file length', files, fileLimits);
  },
};

export const functionLength: Rule = {
  name: 'function length',
  target: 'median ≤ 10, p90 ≤ 30, max 70',
  check(project) {
    const functions = productUnits(project)
      .flatMap(functionsOf)
      .map(({ lines, ...info }) => ({ ...info, value: lines }));
    return judge('function length', functions, functionLimits);
  },
};

export const serviceSize: Rule = {
  name: 'lines per service',
  target: 'median ≤ 1,100, max 1,600',
  check(project) {
    const totals = new Map<string, number>();
    for (const { path, lines } of productUnits(project)) {
      const service = /^services\/[^/]+/.exec(path)?.[0];
      if (service === undefined) continue;
      totals.set(service, (totals.get(service) ?? 0) + lines.length);
    }
    const services = [...totals].map(([path, value]) => ({
      path,
      line: 0,
      name: 'the service',
      value,
    }));
    return judge('lines per service', services, { ...serviceLimits, p90: Infinity });
  },
};

export const testRatio: Rule = {
  name: 'test lines per source line',
  target: '0.8–1.5',
  check(project: Project): Finding {
    // What the console shows is tested by looking at it in a browser, a case for many views.
    const isView = ({ path }: { path: string }) => path.endsWith('.tsx');
    const sources = countLines(productUnits(project).filter((unit) => !isView(unit)));
    if (sources === 0) return { measured: 'no sources', violations: [] };
    const ratio = round(countLines(testUnits(project)) / sources);
    const { least, most } = testShare;
    const message = `test lines per source line is ${ratio}, expected ${least} to ${most}`;
    const isFine = ratio >= least && ratio <= most;
    return { measured: String(ratio), violations: isFine ? [] : [{ path: '.', line: 0, message }] };
  },
};

function judge(measure: string, found: Measure[], limits: Limits): Finding {
  const values = found.map(({ value }) => value);
  const median = percentile(values, 0.5);
  const p90 = percentile(values, 0.9);
  const tooLong = found.filter(({ value }) => value > limits.max);
  return {
    measured: `${median} / ${p90} / ${Math.max(0, ...values)}`,
    violations: [
      ...overLimit(`median ${measure}`, { value: median, limit: limits.median }),
      ...overLimit(`p90 ${measure}`, { value: p90, limit: limits.p90 }),
      ...tooLong.map(({ path, line, name, value }) => {
        const message = `${name} has ${value} lines, expected at most ${limits.max}`;
        return { path, line, message };
      }),
    ],
  };
}
