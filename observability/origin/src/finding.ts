import type { Place, Symptom, Target } from './model.ts';

/** Something that may be an origin: a service, a store, a provider, or a queue. */
export type Component = { readonly kind: Target['kind'] | 'queue'; readonly name: string };

/** What tells components apart. */
export function keyOf({ kind, name }: Component): string {
  return `${kind}:${name}`;
}

/**
 * Where a trace went wrong first. `own`: the callee did it itself. `between`: the callee was fine and
 * its caller was not. `unreached`: nothing is known of the callee. `leaf`: it never tells anything.
 */
export type Where = 'own' | 'between' | 'unreached' | 'leaf';

export type FindingStep = {
  readonly service: string;
  readonly atMs: number;
  readonly outcome: 'failed' | 'slow' | 'fine';
};

/** One hop of one trace that went wrong although nothing below it did. */
export type Finding = {
  readonly traceId: string;
  readonly atMs: number;
  readonly startedMs: number;
  readonly component: Component;
  readonly where: Where;
  /** `between`, and the callee's sidecar has told that it had the call for a part of the time only. */
  readonly isOnTheWay: boolean;
  readonly symptom: Extract<Symptom, 'errors' | 'latency' | 'silence'>;
  readonly caller?: Place;
  readonly callee?: Place;
  /** How much longer than usual, for `latency`. */
  readonly excessMs: number;
  /** A failure that took unusually long and brought no answer: somebody did not want to wait longer. */
  readonly gaveUp: boolean;
  /** From the one who met it first up to the edge. */
  readonly path: readonly FindingStep[];
  /** The operation at the edge, when its span has come. */
  readonly journey?: string;
  readonly journeyHit: boolean;
  /** Nobody at the edge waited for it: it came through a queue. */
  readonly behindQueue: boolean;
};
