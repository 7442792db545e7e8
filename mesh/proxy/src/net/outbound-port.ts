import type { Socket } from 'node:net';
import type { Deps } from '../deps.ts';
import type { Handler } from '../layer.ts';
import { LOOPBACK } from '../metrics/tls-labels.ts';
import { clientStack } from '../outbound.ts';
import type { Services } from '../services.ts';
import type { Address } from './address.ts';
import { type DrainOptions, Listener } from './listener.ts';
import { ServerConnection } from './server-connection.ts';
import { tunnelOutside, tunnelToEndpoint } from './tunnel.ts';

/** Where the app sends its calls: an HTTP proxy on loopback, as `HTTP_PROXY` names it. */
export class OutboundPort {
  readonly #listen: Address;
  readonly #deps: Deps;
  readonly #services: Services;
  readonly #listener: Listener;
  readonly #stack: Handler;

  constructor(listen: Address, services: Services, deps: Deps) {
    this.#listen = listen;
    this.#deps = deps;
    this.#services = services;
    this.#stack = clientStack(deps, services.handler);
    this.#listener = new Listener(deps.clock, (socket) => this.#serve(socket));
  }

  get address(): Address {
    return this.#listener.address;
  }

  listen(): Promise<void> {
    return this.#listener.listen(this.#listen);
  }

  close(options: DrainOptions): Promise<void> {
    return this.#listener.drain(options);
  }

  #serve(socket: Socket): void {
    const { clock, limits, log, tcp } = this.#deps;
    tcp.of({ direction: 'outbound', peer: 'src', ...LOOPBACK }).open(socket);
    const connection = new ServerConnection(socket, {
      handler: this.#stack,
      clock,
      client: { address: socket.remoteAddress ?? '127.0.0.1', identity: undefined },
      direction: 'outbound',
      limits: limits.server,
      targets: 'proxy',
      connect: (authority) => this.#connect(authority),
      isDraining: () => this.#listener.draining,
      onFault: (fault) => log.write('debug', 'a connection was ended', { reason: fault.message }),
    });
    this.#listener.add(connection, socket);
  }

  async #leave(socket: Socket, authority: string): Promise<void> {
    const address = await this.#services.tunnelTo(authority);
    if (address) tunnelOutside(socket, address);
    else socket.destroy();
  }

  /** HTTP for Services that speak it, bytes for those that do not and for what lies outside. */
  #connect(authority: string): 'http' | 'refuse' | ((socket: Socket) => void) {
    const destination = this.#services.find(authority);
    if (destination && !destination.isOpaque) return 'http';
    if (destination) return (socket) => tunnelToEndpoint(socket, destination.pick(), this.#deps);
    if (this.#services.explainAbsence(authority) !== undefined) return 'refuse';
    return (socket) => void this.#leave(socket, authority);
  }
}
