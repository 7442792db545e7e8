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

/** Aborts `controller` with a `TimeoutError` at `deadlineMs` (monotonic), unless disposed of before. */
export function abortAt(clock: Clock, deadlineMs: number, controller: AbortController): Disposable {
  const timer = setTimeout(
    () => controller.abort(new DOMException('deadline exceeded', 'TimeoutError')),
    Math.max(0, deadlineMs - clock.monotonic()),
  );
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/**
 * An `AbortSignal` that fires at `deadlineMs` (monotonic) or when `parent` does, until it is
 * disposed of. The abort reason is a `TimeoutError` when time ran out. By hand, because
 * `AbortSignal.any` costs every request more time and memory than the request's own work.
 */
export function deadlineSignal(
  clock: Clock,
  deadlineMs: number,
  parent?: AbortSignal,
): { signal: AbortSignal; [Symbol.dispose](): void } {
  const controller = new AbortController();
  const { signal } = controller;
  if (parent?.aborted) {
    controller.abort(parent.reason);
    return { signal, [Symbol.dispose]: () => undefined };
  }
  const follow = () => controller.abort(parent?.reason);
  parent?.addEventListener('abort', follow, { once: true });
  const timer = abortAt(clock, deadlineMs, controller);
  return {
    signal,
    [Symbol.dispose]() {
      timer[Symbol.dispose]();
      parent?.removeEventListener('abort', follow);
    },
  };
}

/** Formats milliseconds since the epoch as RFC 3339 UTC with milliseconds. */
export function toRfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
