import type { Clock } from '@faultline/chassis/clock';
import type { ProxySnapshot, WireIdentity } from '@faultline/mesh-core/snapshot';
import { z } from 'zod';
import type { Identity } from './identity/identity.ts';
import { ProxyConnection } from './net/connection.ts';
import { listen } from './net/listen.ts';

const pem = z.string().min(1).max(8_192);
const messages = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    instance: z.string().max(300),
    token: z.string().max(300),
    csrPem: pem,
  }),
  z.strictObject({ type: z.literal('certify'), csrPem: pem }),
  z.strictObject({ type: z.literal('applied'), version: z.int().min(0) }),
]);
type Message = z.output<typeof messages>;
type Hello = Extract<Message, { type: 'hello' }>;

const helloTimeoutMs = 5_000;

/** What the server needs to know of the mesh. */
export type ProxiesOptions = {
  socketPath: string;
  clock: Clock;
  identity: Identity;
  /** The name that an instance's proxy may prove; undefined when there is no such instance. */
  identityOf(instance: string): string | undefined;
  /** What its proxy has to be told now. */
  snapshotFor(instance: string): ProxySnapshot | undefined;
};

/** A proxy that is connected. */
export type ProxyStatus = {
  readonly instance: string;
  readonly appliedVersion: number;
  readonly certificateNotAfterMs: number;
};

type Proxy = {
  readonly connection: ProxyConnection;
  readonly identity: string;
  csrPem: string;
  notAfterMs: number;
  appliedVersion: number;
};

type Waiter = { readonly version: number; readonly done: () => void };

/** The proxies that are connected: one connection for each instance. */
export class Proxies {
  readonly #options: ProxiesOptions;
  readonly #proxies = new Map<string, Proxy>();
  readonly #waiters = new Set<Waiter>();
  #server: { stop(): Promise<void> } | undefined;

  constructor(options: ProxiesOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#server = await listen(this.#options.socketPath, (socket) => {
      let instance: string | undefined;
      const greeted = new AbortController();
      const connection = new ProxyConnection(socket, {
        line: (text) => {
          const message = parse(text);
          if (message === undefined)
            connection.refuse('expected a message of the control protocol');
          else if (instance !== undefined) this.#hear(instance, message, connection);
          else if (message.type === 'hello') instance = this.#greet(message, connection);
          else connection.refuse('expected hello first');
          if (instance !== undefined) greeted.abort();
        },
        close: () => {
          greeted.abort();
          if (instance !== undefined) this.#forget(instance, connection);
        },
      });
      void this.#options.clock.sleep(helloTimeoutMs, greeted.signal).then(() => {
        if (!greeted.signal.aborted) connection.refuse('expected hello');
      });
    });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#settle();
  }

  /** Tells every proxy its newest snapshot. */
  publish(): void {
    for (const [instance, { connection }] of this.#proxies) {
      const snapshot = this.#options.snapshotFor(instance);
      if (snapshot) connection.send({ type: 'snapshot', snapshot });
    }
  }

  /** Gives every proxy a new certificate, for the key it has. */
  recertify(): void {
    for (const proxy of this.#proxies.values()) this.#certify(proxy);
  }

  /** Ends the connection of an instance that is no more. */
  disconnect(instance: string): void {
    this.#proxies.get(instance)?.connection.close();
  }

  /**
   * Resolves to true when every proxy that is connected serves `version` or a later one; to false
   * when `signal` aborts first.
   */
  async applied(version: number, signal?: AbortSignal): Promise<boolean> {
    if (this.#haveApplied(version)) return true;
    await new Promise<void>((resolve) => {
      const waiter = { version, done: resolve };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', () => {
        this.#waiters.delete(waiter);
        resolve();
      });
    });
    return this.#haveApplied(version);
  }

  status(): ProxyStatus[] {
    return [...this.#proxies].map(([instance, { appliedVersion, notAfterMs }]) => ({
      instance,
      appliedVersion,
      certificateNotAfterMs: notAfterMs,
    }));
  }

  /** Lets a proxy in; the answer does not tell an unknown instance from a wrong token. */
  #greet({ instance, token, csrPem }: Hello, connection: ProxyConnection): string | undefined {
    const identity = this.#options.identityOf(instance);
    const isKnown = this.#options.identity.tokens.accepts(instance, token);
    if (!isKnown || identity === undefined) {
      connection.refuse('the instance or its token is not accepted');
      return undefined;
    }
    const proxy = { connection, identity, csrPem, notAfterMs: 0, appliedVersion: 0 };
    if (!this.#certify(proxy)) return undefined;
    // A proxy that comes back counts before the connection it lost.
    this.#proxies.get(instance)?.connection.close();
    this.#proxies.set(instance, proxy);
    const snapshot = this.#options.snapshotFor(instance);
    if (snapshot) connection.send({ type: 'snapshot', snapshot });
    return instance;
  }

  #hear(instance: string, message: Message, connection: ProxyConnection): void {
    const proxy = this.#proxies.get(instance);
    if (proxy?.connection !== connection) return;
    if (message.type === 'hello') connection.refuse('expected hello once');
    else if (message.type === 'applied') {
      proxy.appliedVersion = message.version;
      this.#settle();
    } else {
      proxy.csrPem = message.csrPem;
      this.#certify(proxy);
    }
  }

  #certify(proxy: Proxy): boolean {
    let identity: WireIdentity;
    try {
      identity = this.#options.identity.certify(proxy.csrPem, proxy.identity);
    } catch (error) {
      proxy.connection.refuse(error instanceof Error ? error.message : String(error));
      return false;
    }
    proxy.notAfterMs = identity.notAfterMs;
    proxy.connection.send({ type: 'identity', identity });
    return true;
  }

  #forget(instance: string, connection: ProxyConnection): void {
    if (this.#proxies.get(instance)?.connection === connection) this.#proxies.delete(instance);
    this.#settle();
  }

  #haveApplied(version: number): boolean {
    return [...this.#proxies.values()].every(({ appliedVersion }) => appliedVersion >= version);
  }

  #settle(): void {
    for (const waiter of this.#waiters) {
      if (!this.#haveApplied(waiter.version)) continue;
      this.#waiters.delete(waiter);
      waiter.done();
    }
  }
}

function parse(line: string): Message | undefined {
  try {
    return messages.parse(JSON.parse(line));
  } catch {
    // The sender is told what was expected; its own words are not repeated.
    return undefined;
  }
}
