import type { Books } from './books.ts';
import type { Component, Finding } from './finding.ts';
import type { Absorption, Amplification, Journey, Step, Victim } from './model.ts';

const TRACES_MAX = 4_000;
const EXAMPLES_MAX = 5;
const AMPLIFIED = 1.15;

type VictimState = { atMs: number; requests: number; failed: number; slow: number };

/** What follows from one origin, gathered trace by trace for as long as it lasts. */
export class Story {
  readonly #seen = new Set<string>();
  readonly #victims = new Map<string, VictimState>();
  readonly #absorbed = new Map<string, { by: Absorption['by']; service: string; count: number }>();
  readonly #absorbedAt = new Map<string, number>();
  readonly #hits = new Map<string, number>();
  readonly #examples: { traceId: string; clarity: number }[] = [];
  #breaker = new Set<string>();

  /** Notes what traces show that were not looked at before. */
  add(findings: readonly Finding[], component: Component): void {
    for (const finding of findings) {
      const key = `${finding.traceId} ${finding.journeyHit} ${finding.path.length}`;
      if (this.#seen.has(key) || this.#seen.size >= TRACES_MAX) continue;
      this.#seen.add(key);
      this.#follow(finding, component);
      this.#illustrate(finding);
    }
  }

  #follow(finding: Finding, { name }: Component): void {
    for (const { service, atMs, outcome } of finding.path) {
      if (service === name) continue;
      if (outcome === 'fine') {
        if (finding.symptom !== 'latency') this.#absorb('fallback', service, atMs);
        return;
      }
      const victim = this.#victims.get(service) ?? { atMs, requests: 0, failed: 0, slow: 0 };
      victim.atMs = Math.min(victim.atMs, atMs);
      victim.requests++;
      if (outcome === 'failed') victim.failed++;
      else victim.slow++;
      this.#victims.set(service, victim);
    }
    if (finding.behindQueue) this.#absorb('queue', finding.path[0]?.service ?? name, finding.atMs);
    if (finding.journeyHit && finding.journey !== undefined) {
      this.#hits.set(finding.journey, (this.#hits.get(finding.journey) ?? 0) + 1);
    }
  }

  #absorb(by: Absorption['by'], service: string, atMs: number): void {
    const key = `${by} ${service}`;
    const one = this.#absorbed.get(key) ?? { by, service, count: 0 };
    one.count++;
    this.#absorbed.set(key, one);
    this.#absorbedAt.set(service, Math.min(atMs, this.#absorbedAt.get(service) ?? Infinity));
  }

  #illustrate({ traceId, journeyHit, path, journey }: Finding): void {
    if (this.#examples.some((one) => one.traceId === traceId)) return;
    const clarity = (journeyHit ? 2 : 0) + (journey === undefined ? 0 : 1) + path.length / 10;
    this.#examples.push({ traceId, clarity });
    this.#examples.sort((a, b) => b.clarity - a.clarity);
    this.#examples.length = Math.min(this.#examples.length, EXAMPLES_MAX);
  }

  get traces(): string[] {
    return this.#examples.map(({ traceId }) => traceId);
  }

  victims(): Victim[] {
    return [...this.#victims]
      .map(([service, state]) => ({ service, ...state }))
      .toSorted((a, b) => a.atMs - b.atMs);
  }

  /** What retries and breakers caught is counted by the sidecars, the rest is in traces. */
  absorbed({ name }: Component, sinceMs: number, books: Books): Absorption[] {
    const all: Absorption[] = [...this.#absorbed.values()];
    for (const { caller, callee, rescued, open } of books.edges.attempts.values()) {
      if (callee !== name) continue;
      const count = Math.round(rescued.sum(sinceMs).bad);
      if (count > 0) all.push({ by: 'retry', service: caller, count });
      const opened = [...open.values()].some((one) => one.count > 0 && one.atMs >= sinceMs);
      if (opened) this.#breaker.add(caller);
    }
    for (const service of this.#breaker) all.push({ by: 'breaker', service, count: 0 });
    return all.toSorted((a, b) => b.count - a.count);
  }

  /** The origin, then everybody else as it reached them: nobody before it, whatever clocks say. */
  propagation(component: Component, onsetMs: number): Step[] {
    const first = component.kind === 'queue' ? 'backlog' : 'broke';
    const steps: Step[] = [{ service: component.name, atMs: onsetMs, effect: first }];
    for (const [service, { atMs, failed, slow }] of this.#victims) {
      steps.push({ service, atMs, effect: failed >= slow ? 'failed' : 'slow' });
    }
    for (const [service, atMs] of this.#absorbedAt) {
      if (!this.#victims.has(service)) steps.push({ service, atMs, effect: 'absorbed' });
    }
    return steps
      .map((step) => ({ ...step, atMs: Math.max(step.atMs, onsetMs) }))
      .toSorted((a, b) => a.atMs - b.atMs);
  }

  journeys(totals: ReadonlyMap<string, number>): Journey[] {
    return [...this.#hits]
      .map(([name, hit]) => ({ name, hit, requests: Math.max(hit, totals.get(name) ?? 0) }))
      .toSorted((a, b) => b.hit - a.hit);
  }
}

/** Where each request became several. */
export function amplification(sinceMs: number, { edges }: Books): Amplification[] {
  return [...edges.attempts.values()]
    .flatMap(({ caller, callee, retries }): Amplification[] => {
      const { bad, total } = retries.sum(sinceMs);
      const factor = total > 0 ? (total + bad) / total : 1;
      if (factor < AMPLIFIED || bad < 2) return [];
      return [{ from: caller, to: callee, requests: total, attempts: total + bad, factor }];
    })
    .toSorted((a, b) => b.factor - a.factor);
}
