import { setTimeout as delay } from 'node:timers/promises';

/** Time as a dependency. All durations are milliseconds. */
export type Clock = {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number;
  /** Monotonic clock, milliseconds from an arbitrary start; the one to measure durations with. */
  monotonic(): number;
  /** Resolves after `ms`; resolves early (never rejects) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

/** The machine's clock: the only place in the services that reads it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    if (signal?.aborted) return;
    await delay(ms, undefined, signal ? { signal, ref: true } : {}).catch((error: unknown) => {
      if (!signal?.aborted) throw error;
    });
  },
};

/**
 * An `AbortSignal` that fires at `deadlineMs` (monotonic) or when `parent` does, and a disposer
 * that clears its timer. The abort reason is a `TimeoutError` when time ran out.
 */
export function deadlineSignal(
  clock: Clock,
  deadlineMs: number,
  parent?: AbortSignal,
): { signal: AbortSignal; [Symbol.dispose](): void } {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new DOMException('deadline exceeded', 'TimeoutError')),
    Math.max(0, deadlineMs - clock.monotonic()),
  );
  const signal = parent ? AbortSignal.any([parent, controller.signal]) : controller.signal;
  return { signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Formats milliseconds since the epoch as RFC 3339 UTC with milliseconds. */
export function toRfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
