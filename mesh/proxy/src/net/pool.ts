import { type Backoff, backoffMs } from '@faultline/mesh-core/backoff';
import type { Random } from '@faultline/mesh-core/random';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import type { TcpSeries } from '../metrics/tcp.ts';
import type { Scope } from '../scope.ts';
import { addressText, type Address } from './address.ts';
import { ClientConnection, type ConnectionOwner } from './client-connection.ts';
import { type Carried, connectTls, type Credentials } from './tls.ts';

/** Of a meshed peer that cannot be reached. */
const RECONNECT: Backoff = { minMs: 100, maxMs: 60_000, jitterRatio: 0.5 };

/** Handshakes under way at a time. */
const OPENING_MAX = 8;

type Waiter = { give(connection: ClientConnection): void; fail(error: Error): void };

export type PoolOptions = {
  readonly address: Address;
  /** The identity the peer must prove; without one it is called in plain text. */
  readonly identity?: string | undefined;
  /** Default `http`; `opaque` tells a meshed peer not to look into it. */
  readonly carries?: Carried | undefined;
  readonly series?: TcpSeries | undefined;
  readonly credentials: () => Credentials;
  readonly clock: Clock;
  readonly random: Random;
  readonly connectMs: number;
  /** How long an unused connection is kept. */
  readonly idleMs: number;
  readonly connectionsMax: number;
};

/**
 * The connections to one peer. Between proxies they carry HTTP/1.1 in TLS, several of them side by
 * side, where Linkerd multiplexes one HTTP/2 connection: what layers and metrics see is the same, and
 * an exchange costs a fraction of node:http2's. A meshed peer that cannot be reached is `away` until
 * a connection succeeds; it is tried in the background with growing pauses. Others never are: each
 * request finds out for itself.
 */
export class Pool implements ConnectionOwner {
  readonly #options: PoolOptions;
  readonly #idle: ClientConnection[] = [];
  readonly #all = new Set<ClientConnection>();
  readonly #watchers = new Set<() => void>();
  readonly #waiters: Waiter[] = [];
  #opening = 0;
  #failures = 0;
  #away = false;
  #closed = false;
  #cancelRetry: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get away(): boolean {
    return this.#away;
  }

  get connections(): number {
    return this.#all.size;
  }

  /** Calls `watcher` when the peer is back; the result ends that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** The connection used last, if one is free. */
  take(): ClientConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (!connection || connection.usable) return connection;
      connection.close();
    }
  }

  /**
   * The next connection that is free, for which a new one is opened. Few are opened at a time: on a
   * busy machine a burst of handshakes would time out together. Rejects with why there is none, or
   * with the scope's reason.
   */
  open(scope: Scope): Promise<ClientConnection> {
    if (this.#all.size + this.#waiters.length >= this.#options.connectionsMax) {
      return Promise.reject(new ProxyError('load-shed', 'too many connections to the endpoint'));
    }
    return new Promise((resolve, reject) => {
      const leave = (error: Error): void => {
        const index = this.#waiters.indexOf(waiter);
        if (index >= 0) this.#waiters.splice(index, 1);
        reject(error);
      };
      const waiter: Waiter = {
        give(connection) {
          scope.ignore(leave);
          resolve(connection);
        },
        fail(error) {
          scope.ignore(leave);
          reject(error);
        },
      };
      this.#waiters.push(waiter);
      scope.listen(leave);
      this.#openMore();
    });
  }

  released(connection: ClientConnection): void {
    if (this.#closed) {
      connection.close();
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter) {
      waiter.give(connection);
      return;
    }
    connection.idleSinceMs = this.#options.clock.monotonic();
    this.#idle.push(connection);
  }

  closed(connection: ClientConnection): void {
    if (!this.#all.delete(connection)) return;
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** Closes connections that lay idle for too long; called about once a second. */
  sweep(nowMs: number): void {
    while (this.#idle[0] && nowMs - this.#idle[0].idleSinceMs > this.#options.idleMs) {
      this.#idle.shift()?.close();
    }
  }

  /** Uses no connection again: those in use end with their exchange. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#watchers.clear();
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  #openMore(): void {
    while (this.#opening < Math.min(OPENING_MAX, this.#waiters.length)) void this.#connect();
  }

  async #connect(): Promise<void> {
    this.#opening++;
    try {
      const socket = await this.#dial();
      const connection = new ClientConnection(socket, this);
      this.#all.add(connection);
      this.released(connection);
      this.#reached();
    } catch (error) {
      this.#failed(ProxyError.from(error));
    } finally {
      this.#opening--;
      this.#openMore();
    }
  }

  #dial(): Promise<Socket> {
    const { address, identity, carries = 'http', credentials, clock, connectMs } = this.#options;
    return new Promise((resolve, reject) => {
      const socket =
        identity === undefined
          ? connect(address)
          : connectTls(address, { identity, carries }, credentials());
      const cancel = clock.after(connectMs, () => {
        socket.destroy();
        reject(new ProxyError('connect-timeout', `connect timed out after ${connectMs}ms`));
      });
      const failed = (error: NodeJS.ErrnoException): void => {
        cancel();
        reject(
          new ProxyError('connect', `${error.code ?? error.message}: ${addressText(address)}`),
        );
      };
      const gone = (): void => failed(new Error('closed by the peer'));
      socket.once('error', failed);
      socket.once('close', gone);
      socket.once(identity === undefined ? 'connect' : 'secureConnect', () => {
        cancel();
        socket.off('error', failed);
        socket.off('close', gone);
        socket.setNoDelay(true);
        this.#options.series?.open(socket);
        resolve(socket);
      });
    });
  }

  #reached(): void {
    this.#failures = 0;
    if (!this.#away) return;
    this.#away = false;
    for (const watcher of this.#watchers) watcher();
  }

  #failed(error: ProxyError): void {
    if (this.#options.identity === undefined) {
      this.#waiters.shift()?.fail(error);
      return;
    }
    const unreachable = new ProxyError('unreachable', error.message, { cause: error });
    // A slow handshake says little about a peer that other connections work with.
    if (error.kind === 'connect-timeout' && this.#all.size > 0) {
      this.#waiters.shift()?.fail(unreachable);
      return;
    }
    this.#away = true;
    this.#retryLater();
    for (const waiter of this.#waiters.splice(0)) waiter.fail(unreachable);
  }

  #retryLater(): void {
    if (this.#cancelRetry || this.#closed) return;
    const { clock, random } = this.#options;
    const pauseMs = backoffMs(RECONNECT, this.#failures++, random);
    this.#cancelRetry = clock.after(pauseMs, () => {
      this.#cancelRetry = undefined;
      void this.#connect();
    });
  }
}
