import type { ProxySnapshot, WireServer } from '@faultline/mesh-core/snapshot';
import type { Socket } from 'node:net';
import type { Deps } from '../deps.ts';
import { defaultServer, policyStack, portStack } from '../inbound.ts';
import type { Handler } from '../layer.ts';
import { serverLabels, targetLabels } from '../metrics/inbound.ts';
import { TcpSeries } from '../metrics/tcp.ts';
import { clientTlsLabels, LOOPBACK } from '../metrics/tls-labels.ts';
import { RateLimits } from '../rate-limits.ts';
import type { Address } from './address.ts';
import { detectTls } from './first-byte.ts';
import { type DrainOptions, Listener } from './listener.ts';
import { OpaquePort } from './opaque-port.ts';
import { Pool } from './pool.ts';
import { ServerConnection } from './server-connection.ts';
import { type Carried, createTlsAcceptor } from './tls.ts';

export type InboundPortConfig = {
  /** The container port, which policy names. */
  readonly port: number;
  readonly listen: Address;
  readonly app: Address;
};

const LOCALHOST = '127.0.0.1';

/** One port of the instance: takes mTLS and plain connections, applies policy, calls the app. */
export class InboundPort {
  readonly #config: InboundPortConfig;
  readonly #deps: Deps;
  readonly #listener: Listener;
  readonly #app: Pool;
  readonly #opaque: OpaquePort;
  readonly #limits = new RateLimits();
  readonly #stack: Handler;
  readonly #acceptTls: (socket: Socket) => void;
  #policy: Handler = () => Promise.reject(new Error('a request came before the first snapshot'));
  #server: WireServer | undefined;

  constructor(config: InboundPortConfig, deps: Deps) {
    this.#config = config;
    this.#deps = deps;
    const { clock, random, credentials, limits, registry } = deps;
    const series = new TcpSeries(registry, { direction: 'inbound', peer: 'dst', ...LOOPBACK });
    this.#app = new Pool({
      address: config.app,
      series,
      credentials,
      clock,
      random,
      connectMs: limits.inboundConnectMs,
      idleMs: limits.plainIdleMs,
      connectionsMax: limits.connectionsMax,
    });
    this.#opaque = new OpaquePort({ app: config.app, series, registry });
    this.#stack = portStack(
      deps,
      (request) => this.#policy(request),
      () => this.#server,
    );
    this.#listener = new Listener(clock, (socket) => this.#accept(socket));
    this.#acceptTls = createTlsAcceptor({
      credentials,
      onConnection: (socket, { identity, carries }) => this.#serve(socket, identity, carries),
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
    const { port } = this.#config;
    const server =
      snapshot.servers.find((candidate) => candidate.port === port) ??
      defaultServer(port, snapshot);
    this.#server = server;
    this.#opaque.apply(server);
    const { drainIdleMs: idleMs } = this.#deps.limits;
    this.#listener.setLeaving(snapshot.leaving === true ? { idleMs } : undefined);
    this.#policy = policyStack(
      { server, app: this.#app, snapshot, limit: this.#limits.of(server.rateLimit) },
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
      else this.#serve(socket, undefined, 'http');
    });
  }

  #serve(socket: Socket, identity: string | undefined, carries: Carried): void {
    const { clock, limits, tcp } = this.#deps;
    const server = this.#server;
    const client = { address: socket.remoteAddress ?? LOCALHOST, identity };
    tcp
      .of({
        direction: 'inbound',
        peer: 'src',
        ...targetLabels(this.#config.port),
        ...clientTlsLabels(identity),
        ...(server && serverLabels(server)),
      })
      .open(socket);
    if (server && (carries === 'opaque' || server.protocol === 'opaque')) {
      this.#opaque.pass(socket, client, server);
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
    this.#listener.add(connection, socket, identity !== undefined);
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
