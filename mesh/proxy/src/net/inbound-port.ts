import { authorize } from '@faultline/mesh-core/authorize';
import type { ProxySnapshot } from '@faultline/mesh-core/snapshot';
import { connect, type Socket } from 'node:net';
import type { Deps } from '../deps.ts';
import type { Handler } from '../layer.ts';
import { policyStack, portStack } from '../inbound.ts';
import { RateLimits } from '../rate-limits.ts';
import type { Address } from './address.ts';
import { detectTls } from './first-byte.ts';
import { type DrainOptions, Listener } from './listener.ts';
import { Pool } from './pool.ts';
import { ServerConnection } from './server-connection.ts';
import { splice } from './splice.ts';
import { countConnection } from './tcp-metrics.ts';
import { createTlsAcceptor } from './tls.ts';

export type InboundPortConfig = {
  /** The container port, which policy names. */
  readonly port: number;
  readonly listen: Address;
  readonly app: Address;
};

const LOOPBACK = '127.0.0.1';

/** One port of the instance: takes mTLS and plain connections, applies policy, calls the app. */
export class InboundPort {
  readonly #config: InboundPortConfig;
  readonly #deps: Deps;
  readonly #listener: Listener;
  readonly #app: Pool;
  readonly #limits = new RateLimits();
  readonly #stack: Handler;
  readonly #acceptTls: (socket: Socket) => void;
  #policy: Handler = () => Promise.reject(new Error('a request came before the first snapshot'));
  #snapshot: ProxySnapshot | undefined;

  constructor(config: InboundPortConfig, deps: Deps) {
    this.#config = config;
    this.#deps = deps;
    const { clock, random, credentials, limits } = deps;
    this.#app = new Pool({
      address: config.app,
      credentials,
      clock,
      random,
      connectMs: limits.inboundConnectMs,
      idleMs: limits.plainIdleMs,
      connectionsMax: limits.connectionsMax,
    });
    this.#stack = portStack(deps, (request) => this.#policy(request));
    this.#listener = new Listener(clock, (socket) => this.#accept(socket));
    this.#acceptTls = createTlsAcceptor({
      credentials,
      onConnection: (socket, identity) => this.#serve(socket, identity),
      onRefused: (reason) => this.#refuse(reason),
    });
  }

  get address(): Address {
    return this.#listener.address;
  }

  get connections(): number {
    return this.#listener.connections;
  }

  apply(snapshot: ProxySnapshot): void {
    this.#snapshot = snapshot;
    this.#policy = policyStack(
      {
        port: this.#config.port,
        app: this.#app,
        snapshot,
        limitOf: (server) => this.#limits.of(server.rateLimit),
      },
      this.#deps,
    );
  }

  listen(): Promise<void> {
    return this.#listener.listen(this.#config.listen);
  }

  sweep(nowMs: number): void {
    this.#app.sweep(nowMs);
  }

  async close(options: DrainOptions): Promise<void> {
    await this.#listener.drain(options);
    this.#app.close();
  }

  #accept(socket: Socket): void {
    detectTls(socket, this.#deps.clock, (kind) => {
      if (kind === 'tls') this.#acceptTls(socket);
      else this.#serve(socket, undefined);
    });
  }

  #serve(socket: Socket, identity: string | undefined): void {
    const { clock, limits } = this.#deps;
    const client = { address: socket.remoteAddress ?? LOOPBACK, identity };
    countConnection(socket, this.#deps.registry, {
      direction: 'inbound',
      peer: 'src',
      target_port: this.#config.port,
      ...(identity === undefined
        ? { tls: 'no_identity', no_tls_reason: 'no_tls_from_remote' }
        : { tls: 'true', client_id: identity }),
    });
    if (this.#server()?.protocol === 'opaque') {
      this.#pass(socket, client);
      return;
    }
    const connection = new ServerConnection(socket, {
      handler: this.#stack,
      clock,
      client,
      direction: 'inbound',
      limits: limits.server,
      targets: 'origin',
      isDraining: () => this.#listener.draining,
      onFault: (fault) => this.#noteFault(fault),
    });
    this.#listener.add(connection, socket);
  }

  /** A port that is no HTTP: the connection as a whole is let in or not. */
  #pass(socket: Socket, client: { address: string; identity: string | undefined }): void {
    const authorizations = this.#server()?.authorizations ?? [];
    if (authorize(authorizations, client).allowed) {
      splice(socket, connect(this.#config.app));
      return;
    }
    const help = 'Decisions of inbound policy.';
    this.#deps.registry.counter('inbound_tcp_authz_deny_total', help).value++;
    socket.destroy();
  }

  #server(): ProxySnapshot['servers'][number] | undefined {
    return this.#snapshot?.servers.find(({ port }) => port === this.#config.port);
  }

  #refuse(reason: string): void {
    const help = 'Connections refused before a request.';
    this.#deps.registry.counter('inbound_tcp_errors_total', help, { error: reason }).value++;
    this.#deps.log.write('info', 'refused a TLS client', { reason });
  }

  #noteFault(fault: Error): void {
    this.#deps.log.write('debug', 'a connection was ended', { reason: fault.message });
    const help = 'Connections refused before a request.';
    const labels = { error: fault.name === 'HeadFault' ? 'bad request' : 'cancelled' };
    this.#deps.registry.counter('inbound_tcp_errors_total', help, labels).value++;
  }
}
