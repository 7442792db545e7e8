import type { WireFault } from '@faultline/mesh-core/snapshot';

/** Where a fault is, as its target was understood. */
export type FaultTarget =
  /** All instances of a Service; where they have no proxy, all calls to it. */
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string }
  /** Calls from one Service to another, or to a store. */
  | {
      readonly kind: 'edge';
      readonly from: { readonly namespace: string; readonly name: string };
      readonly to:
        | { readonly kind: 'service'; readonly namespace: string; readonly name: string }
        | { readonly kind: 'store'; readonly name: string };
    }
  | { readonly kind: 'instance'; readonly name: string }
  /** A TCP destination outside the mesh, for everyone that uses it. */
  | { readonly kind: 'store'; readonly name: string };

/** Ending processes is the engine's; proxies do the rest. */
export type FaultEffect = WireFault['effect'] | { readonly kind: 'kill' };

export type Fault = {
  readonly id: string;
  /** As written. */
  readonly target: string;
  readonly at: FaultTarget;
  readonly match: WireFault['match'];
  readonly sharePercent: number;
  readonly direction: WireFault['direction'];
  readonly effect: FaultEffect;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly untilMs: number;
};

/** One thing wrong with a fault; `pointer` is the field's JSON pointer (RFC 6901). */
export type FaultProblem = { readonly pointer: string; readonly detail: string };

/** A fault that cannot be had: what a server answers with 422. */
export class FaultSpecError extends Error {
  readonly status = 422;
  readonly problems: readonly FaultProblem[];

  constructor(problems: readonly FaultProblem[]) {
    super(problems.map(({ pointer, detail }) => `${pointer || '/'}: ${detail}`).join('\n'));
    this.name = 'FaultSpecError';
    this.problems = problems;
  }
}
