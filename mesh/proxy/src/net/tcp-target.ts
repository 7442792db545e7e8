import type { WireFault, WireTcpTarget } from '@faultline/mesh-core/snapshot';
import { connect, type Socket } from 'node:net';
import type { Deps } from '../deps.ts';
import type { TcpSeries } from '../metrics/tcp.ts';
import { addressText } from './address.ts';
import { Listener } from './listener.ts';
import { Relay } from './relay.ts';

/** A store or another TCP peer outside the mesh: its bytes pass unread, counted, breakable. */
export class TcpTarget {
  readonly wire: WireTcpTarget;
  readonly #deps: Deps;
  readonly #listener: Listener;
  readonly #series: TcpSeries;
  #faults: readonly WireFault[] = [];

  constructor(wire: WireTcpTarget, deps: Deps) {
    this.wire = wire;
    this.#deps = deps;
    this.#listener = new Listener(deps.clock, (socket) => this.#accept(socket), 'half-open');
    this.#series = deps.tcp.of({
      direction: 'outbound',
      peer: 'dst',
      target_addr: addressText(wire.to),
      target_ip: wire.to.host,
      target_port: wire.to.port,
      dst_service: wire.name,
      tls: 'no_identity',
      no_tls_reason: 'not_provided_by_service_discovery',
    });
  }

  listen(): Promise<void> {
    return this.#listener.listen(this.wire.listen);
  }

  set faults(all: readonly WireFault[]) {
    this.#faults = all.filter(({ at, target }) => at === 'tcp' && target === this.wire.name);
  }

  async close(deadlineMs: number): Promise<void> {
    await this.#listener.drain({ idleMs: 0, deadlineMs });
  }

  #accept(client: Socket): void {
    const { clock, limits } = this.#deps;
    const server = connect({ ...this.wire.to, allowHalfOpen: true });
    server.setNoDelay(true);
    this.#series.open(server);
    const cancel = clock.after(limits.outboundConnectMs, () =>
      this.#fail([client, server], 'ETIMEDOUT'),
    );
    server.once('connect', cancel);
    for (const socket of [client, server]) {
      socket.on('error', (error: NodeJS.ErrnoException) => {
        this.#fail([client, server], error.code ?? 'unknown');
      });
    }
    server.once('close', () => {
      cancel();
      // After an orderly end, what is held back by a fault still goes out.
      if (!server.readableEnded) client.destroy();
    });
    client.once('close', () => server.destroy());
    this.#relay(client, server);
  }

  #relay(client: Socket, server: Socket): void {
    const { clock, random } = this.#deps;
    const drawn = new Map<string, boolean>();
    // A share is a share of connections: drawn once for each.
    const hits = ({ id, sharePercent }: WireFault): boolean => {
      const hit = drawn.get(id) ?? random() * 100 < sharePercent;
      drawn.set(id, hit);
      return hit;
    };
    const active = (direction: WireFault['direction']): readonly WireFault[] =>
      this.#faults.length === 0
        ? this.#faults
        : this.#faults.filter(
            (fault) => fault.direction === direction && clock.now() < fault.untilMs && hits(fault),
          );
    const common = { active, clock };
    new Relay({ ...common, from: client, to: server, direction: 'request' });
    new Relay({ ...common, from: server, to: client, direction: 'response' });
  }

  #fail(sockets: readonly Socket[], errno: string): void {
    this.#deps.log.write('debug', 'a connection broke', { target: this.wire.name, errno });
    for (const socket of sockets) socket.destroy();
  }
}
