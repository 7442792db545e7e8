import type { Clock } from '../clock.ts';

type Sleeper = { wakeMs: number; wake: () => void };

/** A clock that stands still until `advance` moves it; sleepers wake in order. */
export class FakeClock implements Clock {
  #nowMs: number;
  #sleepers: Sleeper[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#sleepers.push({ wakeMs: this.#nowMs + ms, wake: resolve });
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Moves time on by `ms`, letting each sleeper run before the next wakes. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      this.#sleepers.sort((a, b) => a.wakeMs - b.wakeMs);
      const next = this.#sleepers[0];
      if (!next || next.wakeMs > endMs) break;
      this.#sleepers.shift();
      this.#nowMs = next.wakeMs;
      next.wake();
      await new Promise(setImmediate);
    }
    this.#nowMs = endMs;
  }
}
