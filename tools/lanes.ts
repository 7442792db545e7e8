import { dirname } from 'node:path';

/** Files of `test/` that need no whole system. */
const alone = new Set([
  'test/console-explorer.test.ts',
  'test/console-speed.test.ts',
  'test/console-views.test.ts',
  'test/invariants.test.ts',
]);

/** Files of `test/` whose system is watched. */
const watched = new Set(['test/console.test.ts', 'test/deploys.test.ts']);

/**
 * Files of tests that can wait, and mostly do: for Prometheus to look, for a version to have got its
 * share for long enough, for a program that nobody asks to be fast.
 */
const patient = new Set([
  'local/src/metrics/prometheus.test.ts',
  'observability/prometheus/alerts.test.ts',
  'observability/prometheus/slo.test.ts',
  'test/standalone.test.ts',
]);

/** The same of whole folders. */
const patientFolders = ['local/test/', 'test/cluster/'];

/**
 * Which test files run side by side, each lane in a process of its own. Those of `test/` itself
 * share whole systems, so they stay together: those with a watched one last, since there is one
 * system at a time. The others are shared out so that all lanes end together: two of them nearly fill
 * two cores, and the third has only what can wait. Services' tests look at the clock, so they run
 * before the crashes, which take all there is.
 */
export function lanesOf(files: readonly string[]): string[][] {
  const lanes = Object.groupBy(files, placeOf);
  const {
    whole = [],
    observed = [],
    services = [],
    units = [],
    rest = [],
    patient: third = [],
  } = lanes;
  const all = [[...whole, ...observed], [...services, ...units, ...rest], third];
  return all.filter((lane) => lane.length > 0);
}

function placeOf(file: string): 'units' | 'whole' | 'observed' | 'services' | 'rest' | 'patient' {
  const isPatient = patientFolders.some((folder) => file.startsWith(folder));
  if (isPatient || patient.has(file)) return 'patient';
  if (watched.has(file)) return 'observed';
  if (dirname(file) === 'test' && !alone.has(file)) return 'whole';
  if (file.startsWith('services/')) return 'services';
  return /^(mesh|packages)\//.test(file) ? 'units' : 'rest';
}
