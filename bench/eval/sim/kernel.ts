import type { Random } from '@faultline/mesh-core/random';
import { EventQueue } from '@faultline/mesh-core/sim/event-queue';

/** Something that will be known once. */
export class Signal<T> {
  #value: { readonly known: T } | undefined;
  #waiting: ((value: T) => void)[] = [];

  resolve(value: T): void {
    if (this.#value) return;
    this.#value = { known: value };
    for (const run of this.#waiting) run(value);
    this.#waiting = [];
  }

  whenKnown(run: (value: T) => void): void {
    if (this.#value) run(this.#value.known);
    else this.#waiting.push(run);
  }
}

type Waitable = { whenKnown(run: (value: unknown) => void): void };

/** Work in virtual time: what it yields is waited for. */
export type Process<T> = Generator<Waitable, T, unknown>;

/** Virtual time, chance, and the processes that live by them. */
export class Kernel {
  readonly random: Random;
  readonly #queue = new EventQueue();

  constructor(random: Random) {
    this.random = random;
  }

  get nowMs(): number {
    return this.#queue.nowMs;
  }

  run(untilMs: number): void {
    this.#queue.run(untilMs);
  }

  after(ms: number, run: () => void): void {
    this.#queue.after(Math.max(0, ms), run);
  }

  *sleep(ms: number): Process<void> {
    const signal = new Signal<void>();
    this.after(ms, () => signal.resolve());
    yield signal;
  }

  spawn<T>(process: Process<T>): Signal<T> {
    const done = new Signal<T>();
    const step = (value: unknown): void => {
      const next = process.next(value);
      if (next.done) done.resolve(next.value);
      else next.value.whenKnown(step);
    };
    step(undefined);
    return done;
  }

  /** The value if it is known within `ms`; the work behind it goes on either way. */
  within<T>(signal: Signal<T>, ms: number): Signal<T | undefined> {
    const either = new Signal<T | undefined>();
    signal.whenKnown((value) => either.resolve(value));
    if (ms < Infinity) this.after(ms, () => either.resolve(undefined));
    return either;
  }

  /** Log-normal: half of the draws are below `median`; `spread` 0.5 puts 95 % below 2.3 medians. */
  about(median: number, spread = 0.4): number {
    return median * Math.exp(spread * this.normal());
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
    return radius * Math.cos(2 * Math.PI * this.random());
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  pick<T>(values: readonly T[]): T {
    const picked = values[Math.floor(this.random() * values.length)];
    if (picked === undefined) throw new Error('pick from an empty list');
    return picked;
  }

  /** The gap to the next of events that come by chance, `perSecond` on average. */
  gapMs(perSecond: number): number {
    return (-Math.log(1 - this.random()) * 1_000) / perSecond;
  }

  hex(digits: number): string {
    let text = '';
    while (text.length < digits) {
      text += Math.floor(this.random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    }
    return text.slice(0, digits);
  }
}

/** Waits for `signal` inside a process. */
export function* wait<T>(signal: Signal<T>): Process<T> {
  // What a process is resumed with is the value of the signal it yielded; generators cannot say so.
  return (yield signal) as T;
}

/** Tells work that nobody waits for it any more. */
export class Token {
  readonly cancelled = new Signal<void>();
  isCancelled = false;

  cancel(): void {
    this.isCancelled = true;
    this.cancelled.resolve();
  }
}
