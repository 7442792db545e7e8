import { type Clock, systemClock } from '@faultline/chassis/clock';
import { z } from 'zod';

const reply = z.object({
  data: z.object({
    alerts: z.array(
      z.object({ labels: z.record(z.string(), z.string()), state: z.enum(['pending', 'firing']) }),
    ),
  }),
});

export type SeenAlert = z.infer<typeof reply>['data']['alerts'][number];

/** What Prometheus says of alerts, looked at again and again. */
export class AlertWatch {
  readonly #url: string;
  readonly #clock: Clock;
  #last: readonly SeenAlert[] = [];

  constructor(prometheus: string, clock: Clock = systemClock) {
    this.#url = new URL('api/v1/alerts', prometheus).href;
    this.#clock = clock;
  }

  /** Alerts as they are, or, while Prometheus does not answer, as they were when it last did. */
  async #look(): Promise<readonly SeenAlert[]> {
    try {
      const answer = await fetch(this.#url, { signal: AbortSignal.timeout(5_000) });
      this.#last = reply.parse(await answer.json()).data.alerts;
    } catch (error) {
      console.error(`Prometheus does not answer: ${String(error)}`);
    }
    return this.#last;
  }

  /** Looks every second until `done` says so; milliseconds it took, or undefined when it is too late. */
  async until(
    done: (alerts: readonly SeenAlert[]) => boolean,
    withinMs: number,
  ): Promise<number | undefined> {
    const startedMs = this.#clock.monotonic();
    for (;;) {
      const isDone = done(await this.#look());
      const tookMs = this.#clock.monotonic() - startedMs;
      if (isDone) return tookMs;
      if (tookMs > withinMs) return undefined;
      await this.#clock.sleep(1_000);
    }
  }
}

export function isLike({ labels }: SeenAlert, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

/** `BreakerOpen server=inventory`: the name and what tells it from others of the same. */
export function describe({ labels }: SeenAlert): string {
  const { alertname = '', ...rest } = labels;
  const told = ['journey', 'slo', 'window', 'service', 'client', 'server', 'dependency', 'pod'];
  const parts = told.flatMap((name) => (rest[name] === undefined ? [] : `${name}=${rest[name]}`));
  return [alertname, ...parts].join(' ');
}
