import { randomBytes } from 'node:crypto';
import type { Clock } from '@faultline/chassis/clock';
import type { World } from '../world.ts';
import { type Fault, FaultSpecError } from './fault.ts';
import { directionOf, effectOf, parseSpec } from './spec.ts';
import { resolveTarget } from './target.ts';

const faultsMax = 64;

/** A fault and how much of its lease is left. */
export type ListedFault = Fault & { readonly remainingMs: number };

/**
 * The faults that are on. Several on one target work one after the other, in the order in which
 * they were added. Each ends with its lease.
 */
export class FaultRegistry {
  readonly #clock: Clock;
  readonly #known: () => Pick<World, 'services' | 'instances'>;
  #faults: readonly Fault[] = [];

  constructor(clock: Clock, known: () => Pick<World, 'services' | 'instances'>) {
    this.#clock = clock;
    this.#known = known;
  }

  /** Adds a fault. Throws a `FaultSpecError` that points to each field that is wrong. */
  add(input: unknown): ListedFault {
    const spec = parseSpec(input);
    const at = resolveTarget(spec, this.#known());
    if (this.active().length >= faultsMax) {
      const detail = `there are ${faultsMax} faults already; clear some first`;
      throw new FaultSpecError([{ pointer: '', detail }]);
    }
    const startedMs = this.#clock.now();
    const fault: Fault = {
      id: `fault-${randomBytes(4).toString('hex')}`,
      target: spec.target,
      at,
      match: {
        ...(spec.method !== undefined && { method: spec.method }),
        ...(spec.path !== undefined && { pathPrefix: spec.path }),
      },
      sharePercent: spec.share,
      direction: directionOf(spec),
      effect: effectOf(spec),
      startedMs,
      untilMs: startedMs + spec.lease,
    };
    this.#faults = [...this.#faults, fault];
    return { ...fault, remainingMs: spec.lease };
  }

  /** Those whose lease has not ended. */
  active(): readonly Fault[] {
    const nowMs = this.#clock.now();
    this.#faults = this.#faults.filter(({ untilMs }) => untilMs > nowMs);
    return this.#faults;
  }

  list(): ListedFault[] {
    const nowMs = this.#clock.now();
    return this.active().map((fault) => ({ ...fault, remainingMs: fault.untilMs - nowMs }));
  }

  /** Ends one fault; false when there is none of that id. */
  clear(id: string): boolean {
    const before = this.#faults.length;
    this.#faults = this.#faults.filter((fault) => fault.id !== id);
    return this.#faults.length < before;
  }

  clearAll(): void {
    this.#faults = [];
  }
}
