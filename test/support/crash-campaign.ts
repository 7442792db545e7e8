import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import type { EngineEvent } from '../../local/src/engine-types.ts';
import type { System } from './system.ts';

export type CampaignPlan = {
  /** What each service is to die of. */
  points: Readonly<Record<string, readonly string[]>>;
  /** Settings for the armed processes, by service; short leases, so that work is soon taken over. */
  env: Readonly<Record<string, Record<string, string>>>;
};

type Armed = { service: string; points: Set<string> };

const lookEveryMs = 20;

/**
 * Arms every instance with its part of the points of its service. It kills itself at the first of
 * them that it passes; the engine starts it again, with those that are left.
 */
export class CrashCampaign {
  /** `service point`, in the order they were passed. */
  readonly passed: string[] = [];
  /** Deaths of another cause. */
  readonly surprises: string[] = [];
  readonly #system: System;
  readonly #plan: CampaignPlan;
  readonly #armed = new Map<string, Armed>();

  constructor(system: System, plan: CampaignPlan) {
    this.#system = system;
    this.#plan = plan;
  }

  /** Points nobody has died of yet. */
  get pending(): string[] {
    return [...this.#armed.values()].flatMap(({ service, points }) =>
      [...points].map((point) => `${service} ${point}`),
    );
  }

  /** Arms everybody, and goes on until every point was passed or the time is up. */
  async run(timeoutMs: number): Promise<void> {
    const giveUpMs = systemClock.monotonic() + timeoutMs;
    const stopListening = this.#system.listen((event) => this.#hear(event));
    for (const [service, points] of Object.entries(this.#plan.points)) {
      const instances = this.#system.engine.instances(service);
      for (const [at, { name }] of instances.entries()) {
        const part = points.filter((_, index) => index % instances.length === at);
        this.#arm(name, { service, points: new Set(part) });
      }
    }
    while (this.pending.length > 0 && systemClock.monotonic() < giveUpMs) {
      await systemClock.sleep(lookEveryMs);
    }
    stopListening();
  }

  #arm(instance: string, armed: Armed): void {
    const { service, points } = armed;
    this.#armed.set(instance, armed);
    const env: Record<string, string> = {
      ...this.#plan.env[service],
      CRASH_POINTS: [...points].join(','),
      CRASH_REPORT_FILE: this.#reportOf(instance),
    };
    this.#system.engine.restart(instance, { now: true, env }).catch((error: unknown) => {
      this.surprises.push(`${instance} could not be armed with ${[...points]}: ${String(error)}`);
    });
  }

  /**
   * Arms it at once: a moment later the engine would have started it as it is, and it would have to be
   * killed and started once more.
   */
  #hear({ component, state, reason }: EngineEvent): void {
    if (state !== 'CrashLoopBackOff') return;
    const armed = this.#armed.get(component);
    const point = this.#lastPointOf(component);
    if (armed?.points.delete(point)) {
      this.passed.push(`${armed.service} ${point}`);
      if (armed.points.size > 0) this.#arm(component, armed);
    } else this.surprises.push(`${component} ended: ${reason}, at '${point}'`);
  }

  #lastPointOf(instance: string): string {
    try {
      return readFileSync(this.#reportOf(instance), 'utf8').split('\n').at(-2) ?? '';
    } catch {
      return '';
    }
  }

  #reportOf(instance: string): string {
    return join(this.#system.engine.dataDir, `${instance}.crashes`);
  }
}
