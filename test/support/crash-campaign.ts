import { systemClock } from '@faultline/chassis/clock';
import type { System } from './system.ts';

export type CampaignPlan = {
  /** What each service is to die of, one point after the other. */
  points: Readonly<Record<string, readonly string[]>>;
  /** Settings for the armed processes, by service; short leases, so that work is soon taken over. */
  env: Readonly<Record<string, Record<string, string>>>;
};

type Armed = { service: string; point: string };

const lookEveryMs = 20;

/**
 * Arms every instance with a point of its service at which it kills itself. When it has died there,
 * the engine starts it again, with the next point if one is left.
 */
export class CrashCampaign {
  /** `service point`, in the order they were passed. */
  readonly passed: string[] = [];
  /** Deaths of another cause. */
  readonly surprises: string[] = [];
  readonly #system: System;
  readonly #plan: CampaignPlan;
  readonly #left: Map<string, string[]>;
  readonly #armed = new Map<string, Armed>();
  #eventsSeen: number;

  constructor(system: System, plan: CampaignPlan) {
    this.#system = system;
    this.#plan = plan;
    this.#left = new Map(Object.entries(plan.points).map(([name, points]) => [name, [...points]]));
    this.#eventsSeen = system.events.length;
  }

  /** Points nobody has died of yet. */
  get pending(): string[] {
    const waiting = [...this.#left].flatMap(([service, points]) =>
      points.map((point) => `${service} ${point}`),
    );
    return [...[...this.#armed.values()].map(nameOf), ...waiting];
  }

  /** Arms everybody, and goes on until every point was passed or the time is up. */
  async run(timeoutMs: number): Promise<void> {
    const giveUpMs = systemClock.monotonic() + timeoutMs;
    for (const service of this.#left.keys()) {
      for (const { name } of this.#system.engine.instances(service)) this.#arm(service, name);
    }
    while (this.pending.length > 0 && systemClock.monotonic() < giveUpMs) {
      await systemClock.sleep(lookEveryMs);
      this.#look();
    }
  }

  #arm(service: string, instance: string): void {
    const point = this.#left.get(service)?.shift();
    if (point === undefined) return;
    this.#armed.set(instance, { service, point });
    const env = { ...this.#plan.env[service], CRASH_POINTS: point };
    this.#system.engine.restart(instance, { now: true, env }).catch((error: unknown) => {
      this.surprises.push(`${instance} could not be armed with ${point}: ${String(error)}`);
    });
  }

  #look(): void {
    const { events } = this.#system;
    const fresh = events.slice(this.#eventsSeen);
    this.#eventsSeen = events.length;
    for (const { component, state, reason } of fresh) {
      if (state !== 'CrashLoopBackOff') continue;
      const armed = this.#armed.get(component);
      const isOurs = armed !== undefined && reason === 'signal SIGKILL';
      if (isOurs) this.passed.push(nameOf(armed));
      else this.surprises.push(`${component} ended: ${reason}`);
      this.#armed.delete(component);
      if (isOurs) this.#arm(armed.service, component);
    }
  }
}

function nameOf({ service, point }: Armed): string {
  return `${service} ${point}`;
}
