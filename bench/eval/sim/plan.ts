import type { ExpectedOrigin } from '@faultline/origin/recording';
import type { Kernel } from './kernel.ts';
import type { Surge } from './traffic.ts';
import type { Fault, Instance } from './types.ts';
import type { World } from './world.ts';

/** What a kind of run needs to arrange itself. */
export type Stage = {
  readonly world: World;
  readonly kernel: Kernel;
  readonly part: 'tuning' | 'held-out';
  readonly startMs: number;
  readonly endMs: number;
  readonly surges: Surge[];
  readonly distractors: string[];
  readonly expected: Expected[];
};

/** Times are those of the run; `faults` are the ids whose first hit counts. */
export type Expected = Omit<ExpectedOrigin, 'firstHitMs'> & { readonly faults: readonly number[] };

type FaultOptions = Pick<Fault, 'at' | 'to' | 'effect'> &
  Partial<Pick<Fault, 'from' | 'instance' | 'version' | 'share' | 'direction'>>;

/** Adds a fault for the whole of the stage's time. */
export function addFault(stage: Stage, options: FaultOptions): number {
  const { world, startMs, endMs } = stage;
  const id = world.faults.length + 1;
  world.faults.push({ id, share: 1, direction: 'request', startMs, endMs, ...options });
  return id;
}

/** Says what may rightly be named. */
export function expect(
  stage: Stage,
  fault: string,
  options: { accepted: ExpectedOrigin['accepted']; faults?: readonly number[] },
): void {
  const { startMs, endMs } = stage;
  const { accepted, faults = [] } = options;
  stage.expected.push({ fault, accepted, startMs, endMs, faults });
}

/** A service with one instance and that instance are the same thing. */
export function whole(stage: Stage, service: string): ExpectedOrigin['accepted'] {
  const [only, ...others] = ready(stage, service);
  return others.length > 0 || !only
    ? [{ kind: 'service', service }]
    : [
        { kind: 'service', service },
        { kind: 'instance', service, instance: only.name },
      ];
}

export function ready({ world }: Stage, service: string): Instance[] {
  return world.of(service).filter(({ state }) => state === 'ready');
}

/** Runs `act` at a time of the run. */
export function at({ kernel }: Stage, ms: number, act: () => void): void {
  kernel.after(ms - kernel.nowMs, act);
}

/** The two parts draw differently: a few fixed values for tuning, a wider range for the held-out part. */
export function pause(stage: Stage): number {
  const { kernel, part } = stage;
  return part === 'tuning' ? kernel.pick([300, 600, 1_000, 2_000]) : kernel.between(350, 3_500);
}

export function share(stage: Stage): number {
  const { kernel, part } = stage;
  return part === 'tuning' ? kernel.pick([1, 1, 1, 0.5]) : kernel.pick([1, 1, 0.8, 0.4]);
}
