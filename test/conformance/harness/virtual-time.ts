import type { Clock } from '@faultline/chassis/clock';
import type { Clock as ProxyClock } from '@faultline/mesh-proxy/clock';

type Timer = { readonly atMs: number; readonly order: number; readonly run: () => void };

/**
 * Turns of the event loop in which nothing happened, after which nothing is under way any more:
 * everything is in one process and on Unix sockets, so what has been written can be read in the next
 * turn. A turn that takes longer than `quietMs` did something, or the machine was busy elsewhere.
 */
const quietTurns = 16;
const quietMs = 0.03;

/** Certificates are checked by the machine's clock: their time must have begun when tests look ahead. */
const behindMs = 12 * 3_600_000;

/**
 * A clock for everything in a test's process. It stands still while something is under way and jumps
 * to the next timer when nothing is, so that seconds of waiting cost nothing and are exact.
 */
export class VirtualTime implements Clock, ProxyClock {
  readonly #startMs = Date.now() - behindMs;
  #elapsedMs = 0;
  #timers: Timer[] = [];
  #order = 0;
  #waiting = 0;
  #isDriven = false;

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  nowMs(): number {
    return this.#elapsedMs;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#elapsedMs + Math.max(0, ms), order: this.#order++, run };
    const at = this.#timers.findLastIndex((other) => other.atMs <= timer.atMs) + 1;
    this.#timers.splice(at, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const cancel = this.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  /** Lets time pass until `promise` settles; several of them may be waited for side by side. */
  async until<T>(promise: Promise<T>): Promise<T> {
    this.#waiting++;
    if (!this.#isDriven) void this.#drive();
    try {
      return await promise;
    } finally {
      this.#waiting--;
    }
  }

  /** Lets `ms` pass. */
  async pass(ms: number): Promise<void> {
    await this.until(this.sleep(ms));
    await settle();
  }

  async #drive(): Promise<void> {
    this.#isDriven = true;
    for (;;) {
      await settle();
      if (this.#waiting === 0) break;
      const next = this.#timers.shift();
      if (!next) continue;
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      next.run();
    }
    this.#isDriven = false;
  }
}

/** Lets what is under way come to rest. */
async function settle(): Promise<void> {
  for (let quiet = 0; quiet < quietTurns;) {
    const startMs = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    quiet = performance.now() - startMs < quietMs ? quiet + 1 : 0;
  }
}
