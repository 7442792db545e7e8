import type { ExpectedOrigin, Recording } from '@faultline/origin/recording';
import { faultKinds, harmlessKinds } from './sim/kinds.ts';
import type { Stage } from './sim/plan.ts';
import { simulate } from './sim/simulate.ts';

export type Part = Stage['part'];

/** One run to be simulated. */
export type PlannedRun = { readonly kind: string; readonly seed: number; readonly part: Part };

/** Seeds of the two parts never meet. */
const FIRST_SEED: Readonly<Record<Part, number>> = { tuning: 1_000, 'held-out': 31_000_000 };
const SEEDS_PER_KIND = 100;
/** A fault that hardly anybody met cannot be seen by anybody. */
const HITS_MIN = 3;

/** So many runs of each kind of fault and of everything harmless. */
export function planCorpus(part: Part, runsPerKind: number): PlannedRun[] {
  const kinds = [...Object.keys(faultKinds), ...Object.keys(harmlessKinds)];
  return kinds.flatMap((kind, index) =>
    Array.from({ length: runsPerKind }, (_, run) => ({
      kind,
      part,
      seed: FIRST_SEED[part] + index * SEEDS_PER_KIND + run,
    })),
  );
}

/** Whether enough requests met it. */
export function isFelt({ hits = HITS_MIN }: ExpectedOrigin): boolean {
  return hits >= HITS_MIN;
}

/** The run, or undefined where its fault touched too few requests to be a fault at all. */
export function makeRun(run: PlannedRun): Recording | undefined {
  const recording = simulate(run);
  return recording.head.expected.every(isFelt) ? recording : undefined;
}
