import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

/** One step of an orderly shutdown. `deadlineMs` is monotonic; a step gives up by itself then. */
export type ShutdownStep = { name: string; stop: (deadlineMs: number) => Promise<unknown> };

/** Runs shutdown steps once, in the order given, each even when one before it failed. */
export class Lifecycle {
  readonly #steps: ShutdownStep[] = [];
  readonly #clock: Clock;
  readonly #log: Logger;
  #draining = false;
  #stopped: Promise<boolean> | undefined;

  constructor(options: { clock: Clock; log: Logger }) {
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** From the first signal on: readiness says no, replies ask for the connection to be closed. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Adds a step after those already added. */
  onShutdown(step: ShutdownStep): void {
    this.#steps.push(step);
  }

  /** Resolves to whether every step ended well and in time. Further calls wait for the first. */
  shutdown(timeoutMs: number): Promise<boolean> {
    this.#draining = true;
    this.#stopped ??= this.#run(this.#clock.monotonic() + timeoutMs);
    return this.#stopped;
  }

  async #run(deadlineMs: number): Promise<boolean> {
    let clean = true;
    for (const { name, stop } of this.#steps) {
      try {
        await this.#within(deadlineMs, stop(deadlineMs));
      } catch (error) {
        clean = false;
        this.#log.error({ err: error, step: name }, 'a shutdown step failed');
      }
    }
    return clean;
  }

  async #within(deadlineMs: number, work: Promise<unknown>): Promise<void> {
    const done = new AbortController();
    const expiry = this.#clock
      .sleep(Math.max(0, deadlineMs - this.#clock.monotonic()), done.signal)
      .then(() => {
        if (!done.signal.aborted) throw new Error('the shutdown deadline passed');
      });
    try {
      await Promise.race([work, expiry]);
    } finally {
      done.abort();
    }
  }
}
