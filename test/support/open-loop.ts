import { systemClock } from '@faultline/chassis/clock';
import type { Reply } from './api.ts';

export type Shot = () => Promise<Reply>;

/**
 * Sends requests at a fixed rate, whether or not those before were answered, as a crowd does. The
 * kinds of request take turns.
 */
export class OpenLoop {
  /** What went wrong with which request, at which second. */
  readonly failures: string[] = [];
  answered = 0;
  readonly #shots: readonly [name: string, shot: Shot][];
  readonly #intervalMs: number;
  #isOver = false;
  #shooting: Promise<void> = Promise.resolve();
  readonly #pending = new Set<Promise<void>>();

  constructor(shots: Readonly<Record<string, Shot>>, { perSecond }: { perSecond: number }) {
    this.#shots = Object.entries(shots);
    this.#intervalMs = 1_000 / perSecond;
  }

  start(): void {
    this.#shooting = this.#shoot();
  }

  /** Sends no more and waits for the last answers. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#shooting;
    await Promise.all(this.#pending);
  }

  async #shoot(): Promise<void> {
    const startedMs = systemClock.monotonic();
    for (let sent = 0; !this.#isOver; sent++) {
      // By the clock, so that a late start does not lower the rate.
      const dueMs = startedMs + sent * this.#intervalMs;
      await systemClock.sleep(Math.max(0, dueMs - systemClock.monotonic()));
      const [name, shot] = this.#shots[sent % this.#shots.length] ?? [];
      if (name === undefined || shot === undefined) return;
      const second = ((systemClock.monotonic() - startedMs) / 1_000).toFixed(2);
      const request = this.#judge(`${name} at ${second} s`, shot);
      this.#pending.add(request);
      void request.finally(() => this.#pending.delete(request));
    }
  }

  async #judge(what: string, shot: Shot): Promise<void> {
    try {
      const { status, body } = await shot();
      this.answered++;
      if (status >= 400) this.failures.push(`${what}: ${status} ${JSON.stringify(body)}`);
    } catch (error) {
      this.failures.push(`${what}: ${String(error)}`);
    }
  }
}
