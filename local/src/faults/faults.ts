import type { ControlPlane } from '@faultline/mesh-control/control-plane';
import type { Fault } from '@faultline/mesh-control/faults/fault';
import { FaultSpecError } from '@faultline/mesh-control/faults/fault';
import type { ListedFault } from '@faultline/mesh-control/faults/registry';
import { EngineError } from '../engine-error.ts';
import type { Pods } from '../pods/pods.ts';
import type { Pod } from '../pods/pod.ts';

/** What `faultline fault … --json` answers for each fault. */
export type FaultReport = {
  id: string;
  kind: string;
  target: string;
  /** Per cent of what matches. */
  share: number;
  direction: string;
  method?: string;
  path?: string;
  /** What the kind does, such as `delayMs`. */
  effect: Readonly<Record<string, unknown>>;
  started_at: string;
  ends_at: string;
  remaining_ms: number;
};

/** The faults of a system: proxies carry out most, ending processes is done here. */
export class Faults {
  readonly #control: () => ControlPlane;
  readonly #pods: Pods;

  constructor(control: () => ControlPlane, pods: Pods) {
    this.#control = control;
    this.#pods = pods;
  }

  /** Throws an `EngineError` that says of each field what is wrong with it. */
  add(spec: unknown): FaultReport {
    try {
      // The registry checks every field of what it is given.
      const fault = this.#control().faults.add(spec as never);
      if (fault.effect.kind === 'kill') for (const pod of this.#victims(fault)) pod.kill();
      return report(fault);
    } catch (error) {
      if (!(error instanceof FaultSpecError)) throw error;
      throw new EngineError(`add a fault: ${error.message}`, { cause: error });
    }
  }

  list(): FaultReport[] {
    return this.#control().faults.list().map(report);
  }

  /** Ends one fault, or all. Throws an `EngineError` when there is none of that id. */
  clear(id: string | undefined): FaultReport[] {
    const { faults } = this.#control();
    if (id === undefined) faults.clearAll();
    else if (!faults.clear(id)) {
      const known = faults.list().map((fault) => fault.id);
      throw new EngineError(`there is no fault '${id}'; there are: ${known.join(', ') || 'none'}`);
    }
    return this.list();
  }

  /** A pod has come back: as long as the lease lasts it is ended again. */
  becameReady(pod: Pod): void {
    for (const fault of this.#control().faults.list()) {
      if (fault.effect.kind === 'kill' && this.#victims(fault).includes(pod)) pod.kill();
    }
  }

  #victims({ at }: Fault): readonly Pod[] {
    if (at.kind !== 'service' && at.kind !== 'instance') return [];
    return this.#pods.select(at.name);
  }
}

function report(fault: ListedFault): FaultReport {
  const { id, target, sharePercent, direction, match, effect, startedMs, untilMs } = fault;
  const { kind, ...does } = effect;
  return {
    id,
    kind,
    target,
    share: sharePercent,
    direction,
    ...(match.method !== undefined && { method: match.method }),
    ...(match.pathPrefix !== undefined && { path: match.pathPrefix }),
    effect: does,
    started_at: new Date(startedMs).toISOString(),
    ends_at: new Date(untilMs).toISOString(),
    remaining_ms: fault.remainingMs,
  };
}
