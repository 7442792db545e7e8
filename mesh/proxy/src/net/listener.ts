import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { type Clock, every } from '../clock.ts';
import type { Address } from './address.ts';
import type { ServerConnection } from './server-connection.ts';

const SWEEP_MS = 1_000;
const CONNECTIONS_MAX = 10_000;
/** How long another proxy may take to end a connection it was asked to end. */
const FAREWELL_MS = 5_000;
const FAREWELL = 'HTTP/1.1 102 Processing\r\n\r\n';

type Client = { readonly socket: Socket; readonly isProxy: boolean; askedMs: number | undefined };

/** How a listener ends: see `drain`. */
export type DrainOptions = {
  /** Connections without a request are kept this long: their clients may not have heard yet. */
  readonly idleMs: number;
  /** When everything still open is cut, monotonic. */
  readonly deadlineMs: number;
};

/** Accepts connections at one address and keeps those that speak HTTP in order until it is drained. */
export class Listener {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #connections = new Map<ServerConnection, Client>();
  readonly #sockets = new Set<Socket>();
  readonly #stopSweep: () => void;
  #draining: DrainOptions | undefined;
  #leaving: { idleMs: number; sinceMs: number } | undefined;
  #address: Address | undefined;

  constructor(clock: Clock, onSocket: (socket: Socket) => void, halfOpen?: 'half-open') {
    this.#clock = clock;
    this.#server = createServer(
      { noDelay: true, allowHalfOpen: halfOpen !== undefined, pauseOnConnect: false },
      (socket) => {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
        onSocket(socket);
      },
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#stopSweep = every(clock, SWEEP_MS, () => this.#sweep());
  }

  /** Where it listens; with the port that was chosen when it had been 0. */
  get address(): Address {
    if (!this.#address) throw new Error('read the address of a listener that does not listen');
    return this.#address;
  }

  get draining(): boolean {
    return this.#draining !== undefined || this.#leaving !== undefined;
  }

  /**
   * Whether clients are asked to go elsewhere while everything is still answered: replies say that
   * the connection ends, and unused ones are closed once clients had `idleMs` to hear of it.
   */
  setLeaving(options: { idleMs: number } | undefined): void {
    if (options === undefined) this.#leaving = undefined;
    else this.#leaving ??= { ...options, sinceMs: this.#clock.monotonic() };
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** @throws when the address cannot be listened on. */
  async listen(at: Address): Promise<void> {
    // One that was killed leaves its socket behind.
    if ('path' in at) rmSync(at.path, { force: true });
    await this.#listen(at);
  }

  #listen(at: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(at, () => {
        this.#server.off('error', reject);
        const bound = this.#server.address();
        this.#address =
          bound === null || typeof bound === 'string'
            ? at
            : { host: bound.address, port: bound.port };
        resolve();
      });
    });
  }

  /** Keeps `connection`, which speaks HTTP over `socket` with a proxy or another client, in order. */
  add(connection: ServerConnection, socket: Socket, isProxy = false): void {
    this.#connections.set(connection, { socket, isProxy, askedMs: undefined });
    socket.once('close', () => this.#connections.delete(connection));
  }

  /** Accepts no more; lets requests under way finish; resolves when the last connection is closed. */
  async drain(options: DrainOptions): Promise<void> {
    this.#draining = options;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const cancel = this.#clock.after(
      Math.max(0, options.deadlineMs - this.#clock.monotonic()),
      () => this.#cut(),
    );
    const cancelIdle = this.#clock.after(options.idleMs, () => this.#sweep());
    await closed;
    cancel();
    cancelIdle();
    this.#stopSweep();
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonic();
    for (const [connection, client] of this.#connections) {
      connection.sweep(nowMs);
      if (connection.idle && nowMs >= this.#idleEndMs(connection.idleSinceMs))
        retire(client, nowMs);
    }
  }

  /** When a connection that is unused since `idleSinceMs` is closed because the listener ends. */
  #idleEndMs(idleSinceMs: number): number {
    if (this.#draining) return idleSinceMs + this.#draining.idleMs;
    if (this.#leaving === undefined) return Infinity;
    const { idleMs, sinceMs } = this.#leaving;
    return Math.max(idleSinceMs, sinceMs) + idleMs;
  }
}

/**
 * Ends an idle connection. Of a request that meets the end on its way HTTP/1.1 cannot tell whether it
 * was read, so a proxy is asked to end it, as GOAWAY does in HTTP/2: it closes an idle connection on
 * which something comes unasked, and reads past an informational reply when it has just sent a request,
 * which is answered then.
 */
function retire(client: Client, nowMs: number): void {
  if (!client.isProxy || nowMs - (client.askedMs ?? nowMs) >= FAREWELL_MS) client.socket.end();
  else if (client.askedMs === undefined) {
    client.askedMs = nowMs;
    client.socket.write(FAREWELL);
  }
}
