import type { Clock } from '@faultline/chassis/clock';

/** A value and when it was current, in milliseconds since the epoch. */
export type Remembered<T> = { readonly value: T; readonly asOfMs: number };

/** The last good answers, for when no new one can be had. Forgets the one unused for longest. */
export class LastGood<T> {
  readonly #entries = new Map<string, Remembered<T>>();
  readonly #clock: Clock;
  readonly #limit: number;

  constructor(options: { clock: Clock; limit: number }) {
    this.#clock = options.clock;
    this.#limit = options.limit;
  }

  remember(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, asOfMs: this.#clock.now() });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limit) break;
      this.#entries.delete(oldest);
    }
  }

  recall(key: string): Remembered<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }
}
