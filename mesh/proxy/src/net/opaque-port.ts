import { authorize, type Client } from '@faultline/mesh-core/authorize';
import type { WireServer } from '@faultline/mesh-core/snapshot';
import { connect, type Socket } from 'node:net';
import { authzLabels, serverLabels, targetLabels } from '../metrics/inbound.ts';
import type { Labels, Registry } from '../metrics/registry.ts';
import type { TcpSeries } from '../metrics/tcp.ts';
import { clientTlsLabels } from '../metrics/tls-labels.ts';
import type { Address } from './address.ts';
import { splice } from './splice.ts';

type Options = {
  readonly app: Address;
  /** Of the connections to the app. */
  readonly series: TcpSeries;
  readonly registry: Registry;
};

/** Connections that are let in or not as a whole; one whose grant is withdrawn ends. */
export class OpaquePort {
  readonly #options: Options;
  readonly #open = new Map<Socket, Client>();

  constructor(options: Options) {
    this.#options = options;
  }

  pass(socket: Socket, client: Client, server: WireServer): void {
    const decision = authorize(server.authorizations, client);
    if (!decision.allowed) {
      this.#count('deny', labelsOf(server, client));
      socket.destroy();
      return;
    }
    const by = server.authorizations.find((one) => one === decision.by);
    this.#count('allow', { ...labelsOf(server, client), ...authzLabels(by) });
    this.#open.set(socket, client);
    socket.once('close', () => this.#open.delete(socket));
    const app = connect(this.#options.app);
    this.#options.series.open(app);
    splice(socket, app);
  }

  apply(server: WireServer): void {
    for (const [socket, client] of this.#open) {
      if (authorize(server.authorizations, client).allowed) continue;
      this.#count('terminate', labelsOf(server, client));
      socket.destroy();
    }
  }

  #count(what: 'allow' | 'deny' | 'terminate', labels: Labels): void {
    const name = `inbound_tcp_authz_${what}_total`;
    this.#options.registry.counter(name, 'Decisions about connections.', labels).value++;
  }
}

function labelsOf(server: WireServer, { identity }: Client): Labels {
  return { ...targetLabels(server.port), ...serverLabels(server), ...clientTlsLabels(identity) };
}
