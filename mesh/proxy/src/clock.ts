/** Time as the proxy uses it. Milliseconds. */
export type Clock = {
  /** Wall clock, since the Unix epoch: for leases and certificates only. */
  now(): number;
  /** Monotonic: for everything that is measured. */
  monotonic(): number;
  /** Runs `run` once after `ms`; the result takes it back. */
  after(ms: number, run: () => void): () => void;
};

const TIMER_MAX_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, TIMER_MAX_MS));
    return () => clearTimeout(timer);
  },
};

/** Runs `run` every `ms` until the result is called. */
export function every(clock: Clock, ms: number, run: () => void): () => void {
  let cancel = clock.after(ms, function tick() {
    cancel = clock.after(ms, tick);
    run();
  });
  return () => cancel();
}
