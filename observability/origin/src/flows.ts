import type { Component } from './finding.ts';
import type { EdgeSample } from './model.ts';
import { Tally } from './tally.ts';

const FLOWS_MAX = 5_000;
/** So long without a call, and so many calls that there should have been. */
const HALT_SECONDS = 2;
const HALT_CALLS = 6;

/** `sent` tallies requests among samples by when they were told, `begun` by when they began. */
type Flow = {
  readonly component: Component;
  readonly sent: Tally;
  readonly begun: Tally;
  usual: number;
};

export type Way = { readonly caller: string; readonly callee: string; readonly sinceMs: number };

/** How much each service usually sends to each other one, and where that has stopped. */
export class Flows {
  readonly #flows = new Map<string, Flow>();
  readonly #haltedMs = new Map<string, number>();

  /** Takes in an `endpoint` sample. */
  add({ source, target, atMs, periodMs, requests }: EdgeSample): void {
    const key = `${source.service} ${target.name}`;
    let flow = this.#flows.get(key);
    if (!flow) {
      const component: Component = { kind: target.kind, name: target.name };
      flow = { component, sent: new Tally(), begun: new Tally(), usual: 0 };
      if (this.#flows.size >= FLOWS_MAX) this.#flows.clear();
      this.#flows.set(key, flow);
    }
    flow.sent.add(atMs, requests, 1);
    flow.begun.add(atMs - periodMs / 2, requests, 1);
  }

  /** Learns what the caller usually sends. */
  learn(caller: string, atMs: number): void {
    for (const [, flow] of this.#from(caller)) {
      const perSecond = flow.sent.sum(atMs - 5_000, atMs).bad / 5;
      flow.usual += (perSecond - flow.usual) * 0.1;
    }
  }

  /**
   * Of a service whose callers wait: whom it no longer calls, though it always does, is there, and it
   * calls others as before. It is held up on its way there: requests that hang before they reach an
   * instance are counted nowhere.
   */
  halts(caller: string, { atMs, isThere }: { atMs: number; isThere: (callee: string) => boolean }) {
    const flows = this.#from(caller);
    if (!flows.some(([, flow]) => goesOn(flow, atMs))) return [];
    return flows.flatMap(([key, flow]): Component[] => {
      if (!hasHalted(flow, atMs) || !isThere(flow.component.name)) return [];
      this.#haltedMs.set(key, atMs);
      return [flow.component];
    });
  }

  /** Whether the caller has been found to have stopped sending to the callee since then. */
  isHalted(of: Way): boolean {
    return (this.#haltedMs.get(`${of.caller} ${of.callee}`) ?? 0) >= of.sinceMs;
  }

  /** How many calls the caller has sent to instances of the callee since then. */
  sentSince({ caller, callee, sinceMs }: Way): number {
    return this.#flows.get(`${caller} ${callee}`)?.begun.sum(sinceMs).bad ?? 0;
  }

  #from(caller: string): [string, Flow][] {
    return [...this.#flows].filter(([key]) => key.startsWith(`${caller} `));
  }
}

function goesOn({ sent, usual }: Flow, atMs: number): boolean {
  const { bad: requests } = sent.sum(atMs - HALT_SECONDS * 1_000, atMs);
  return usual * HALT_SECONDS >= HALT_CALLS / 2 && requests >= (usual * HALT_SECONDS) / 2;
}

function hasHalted({ sent, usual }: Flow, atMs: number): boolean {
  const { bad: requests, total: samples } = sent.sum(atMs - HALT_SECONDS * 1_000, atMs);
  return usual * HALT_SECONDS >= HALT_CALLS && samples > 0 && requests === 0;
}
