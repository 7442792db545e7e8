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
 * share for long enough, for a program that nobody asks to be fast. With those of `test/cluster` they
 * fill what two lanes leave.
 */
const patient = new Set([
  'local/src/metrics/prometheus.test.ts',
  'local/test/deploys-interrupted.test.ts',
  'local/test/deploys.test.ts',
  'local/test/observed.test.ts',
  'observability/prometheus/alerts.test.ts',
  'observability/prometheus/slo.test.ts',
  'test/standalone.test.ts',
]);

/** Files of tests that run in one process. */
export type Batch = readonly string[];

/**
 * Which test files run side by side, each lane one batch after another. Those of `test/` itself
 * share whole systems, so they stay together: those with a watched one last, since there is one
 * system at a time. Services' tests look at the clock, so they run before the crashes, which take all
 * there is. Two lanes nearly fill two cores: the third begins with what can wait, and then takes from
 * the second, whose last batches may run at any time.
 */
export function lanesOf(files: readonly string[]): Batch[][] {
  const lanes = Object.groupBy(files, placeOf);
  const {
    units = [],
    whole = [],
    observed = [],
    services = [],
    rest = [],
    patient: third = [],
  } = lanes;
  const others = Object.values(Object.groupBy(rest, batchOf));
  const all = [
    [[...units, ...whole, ...observed]],
    [services, ...others.map((one = []) => one)],
    [third],
  ];
  return all
    .map((lane) => lane.filter((batch) => batch.length > 0))
    .filter((lane) => lane.length > 0);
}

/**
 * Runs all batches, those of a lane one after another. Whoever is done with his own takes the last one
 * of the lane that has most left, until there are none or `isOver` says so.
 */
export async function runLanes<T>(
  lanes: readonly (readonly Batch[])[],
  run: (batch: Batch) => Promise<T>,
  isOver: () => boolean = () => false,
): Promise<T[]> {
  const left = lanes.map((lane) => [...lane]);
  const outcomes: T[] = [];
  const next = (own: Batch[]): Batch | undefined =>
    own.shift() ?? left.toSorted((a, b) => b.length - a.length)[0]?.pop();
  await Promise.all(
    left.map(async (own) => {
      for (let batch = next(own); batch && !isOver(); batch = next(own)) {
        outcomes.push(await run(batch));
      }
    }),
  );
  return outcomes;
}

/** A batch has to be worth a process. */
function batchOf(file: string): string {
  const [top = '', next = ''] = file.split('/');
  if (top === 'local') return `${top}/${next}`;
  return ['bench', 'examples', 'tools'].includes(top) ? 'tools' : top;
}

function placeOf(file: string): 'units' | 'whole' | 'observed' | 'services' | 'rest' | 'patient' {
  if (patient.has(file) || file.startsWith('test/cluster/')) return 'patient';
  if (watched.has(file)) return 'observed';
  if (dirname(file) === 'test' && !alone.has(file)) return 'whole';
  if (file.startsWith('services/')) return 'services';
  return /^(mesh|packages)\//.test(file) ? 'units' : 'rest';
}
