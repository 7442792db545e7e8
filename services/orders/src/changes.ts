import type { Clock } from '@faultline/chassis/clock';
import type { Logger } from '@faultline/chassis/log';
import type { Db } from '@faultline/chassis/postgres';
import type { Client } from 'pg';
import { ORDER_CHANNEL } from './orders.ts';

/** One order being watched. */
export type Watch = {
  /** Resolves when the order may have changed since the last call, after `timeoutMs`, or on `signal`. */
  next(timeoutMs: number, signal?: AbortSignal): Promise<void>;
  [Symbol.dispose](): void;
};

export type OrderChangesOptions = {
  clock: Clock;
  log: Logger;
  db: Db;
  /** A connection of its own, not yet connected. */
  createClient: () => Client;
};

const POLL_MS = 2_000;
const RECONNECT_MS = 1_000;

type Watcher = { changed: AbortController };

/**
 * Tells those who watch an order that it changed, whichever replica changed it: by NOTIFY, and by
 * looking every two seconds, for what a broken connection did not deliver.
 */
export class OrderChanges {
  readonly #options: OrderChangesOptions;
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #seen = new Map<string, number>();

  constructor(options: OrderChangesOptions) {
    this.#options = options;
  }

  watch(orderId: string): Watch {
    const watcher: Watcher = { changed: new AbortController() };
    const watchers = this.#watchers.get(orderId) ?? new Set();
    this.#watchers.set(orderId, watchers.add(watcher));
    return {
      next: async (timeoutMs, signal) => {
        const signals = signal ? [signal, watcher.changed.signal] : [watcher.changed.signal];
        await this.#options.clock.sleep(timeoutMs, AbortSignal.any(signals));
        watcher.changed = new AbortController();
      },
      [Symbol.dispose]: () => {
        watchers.delete(watcher);
        if (watchers.size > 0 || this.#watchers.get(orderId) !== watchers) return;
        this.#watchers.delete(orderId);
        this.#seen.delete(orderId);
      },
    };
  }

  /** Wakes those who watch the order. */
  changed(orderId: string): void {
    for (const watcher of this.#watchers.get(orderId) ?? []) watcher.changed.abort();
  }

  /** Listens and looks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#listen(signal), this.#poll(signal)]);
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let failing = false;
    while (!signal.aborted) {
      try {
        await this.#listenOnce(signal, () => {
          failing = false;
        });
      } catch (error) {
        if (!failing) log.warn({ err: error }, 'changes of orders arrive late: cannot listen');
        failing = true;
      }
      await clock.sleep(RECONNECT_MS, signal);
    }
  }

  async #listenOnce(signal: AbortSignal, connected: () => void): Promise<void> {
    const client = this.#options.createClient();
    const over = new AbortController();
    let failure: Error | undefined;
    client.on('error', (error) => {
      failure = error;
      over.abort();
    });
    client.on('end', () => over.abort());
    client.on('notification', ({ payload }) => this.changed(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${ORDER_CHANNEL}`);
      connected();
      // What changed before could not be heard.
      for (const orderId of this.#watchers.keys()) this.changed(orderId);
      await untilAborted(AbortSignal.any([signal, over.signal]));
    } finally {
      // A connection that is broken already has nothing to say good-bye to.
      await client.end().catch((error: unknown) => {
        this.#options.log.debug({ err: error }, 'the listening connection did not close');
      });
    }
    if (failure) throw failure;
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, log, db } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(POLL_MS, signal);
      const ids = [...this.#watchers.keys()];
      if (ids.length === 0) continue;
      try {
        const { rows } = await db.query<{ id: string; sequence: number }>(
          'SELECT id, sequence FROM orders WHERE id = ANY($1::uuid[])',
          [ids],
        );
        for (const { id, sequence } of rows) this.#compare(id, sequence);
      } catch (error) {
        log.debug({ err: error }, 'could not look for changes of orders');
      }
    }
  }

  #compare(id: string, sequence: number): void {
    if (!this.#watchers.has(id) || this.#seen.get(id) === sequence) return;
    this.#seen.set(id, sequence);
    this.changed(id);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
