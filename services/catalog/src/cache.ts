import type { Clock } from '@faultline/chassis/clock';
import { uuidv7 } from '@faultline/chassis/ids';
import type { Logger } from '@faultline/chassis/log';

/** The Redis commands the cache uses. */
export type CacheStore = {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, unit: 'PX', ttlMs: number): Promise<unknown>;
};

const TTL_MS = 5_000;
/** The version outlives every entry written under it. */
const VERSION_TTL_MS = 60_000;
const VERSION_KEY = 'catalog:version';
/** A cache that takes longer than this to answer is no help. */
const PATIENCE_MS = 150;
const PAUSE_AFTER_FAILURE_MS = 1_000;

/**
 * Results for a few seconds. Every key holds the catalog's version, which a change replaces, so
 * that an edit shows at once. Without Redis every call computes; equal calls at one time share it.
 */
export class Cache {
  readonly #store: CacheStore;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #flights = new Map<string, Promise<unknown>>();
  /** Keeps callers after a change from sharing what was begun before it. */
  #generation = 0;
  #pausedUntilMs = -Infinity;

  constructor(options: { redis: CacheStore; clock: Clock; log: Logger }) {
    this.#store = options.redis;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** The value of `key`, from the cache or from `compute`; it must survive JSON. */
  get<T>(key: string, compute: () => Promise<T>): Promise<T> {
    const flight = `${this.#generation}:${key}`;
    // The key says what was computed, so whatever is in flight under it is a T.
    const running = this.#flights.get(flight) as Promise<T> | undefined;
    if (running) return running;
    const started = this.#lookUp(key, compute).finally(() => this.#flights.delete(flight));
    this.#flights.set(flight, started);
    return started;
  }

  /** Makes everything cached so far out of date; call it after a change has committed. */
  async invalidate(): Promise<void> {
    this.#generation++;
    const version = uuidv7(this.#clock);
    await this.#try(() => this.#store.set(VERSION_KEY, version, 'PX', VERSION_TTL_MS));
  }

  async #lookUp<T>(key: string, compute: () => Promise<T>): Promise<T> {
    const version = await this.#try(() => this.#store.get(VERSION_KEY));
    const entry = `catalog:${version ?? 'initial'}:${key}`;
    const known = version === undefined ? undefined : await this.#try(() => this.#store.get(entry));
    if (typeof known === 'string') return JSON.parse(known);
    const value = await compute();
    if (known === null) {
      await this.#try(() => this.#store.set(entry, JSON.stringify(value), 'PX', TTL_MS));
    }
    return value;
  }

  /** Undefined when the cache did not answer; it is then left alone for a second. */
  async #try<T>(command: () => Promise<T>): Promise<T | undefined> {
    if (this.#clock.monotonic() < this.#pausedUntilMs) return undefined;
    const answered = new AbortController();
    const impatience = this.#clock.sleep(PATIENCE_MS, answered.signal).then(() => {
      if (!answered.signal.aborted) throw new Error(`no answer in ${PATIENCE_MS} ms`);
      return undefined;
    });
    try {
      return await Promise.race([command(), impatience]);
    } catch (error) {
      this.#pausedUntilMs = this.#clock.monotonic() + PAUSE_AFTER_FAILURE_MS;
      this.#log.debug({ err: error }, 'the cache is not available');
      return undefined;
    } finally {
      answered.abort();
    }
  }
}
