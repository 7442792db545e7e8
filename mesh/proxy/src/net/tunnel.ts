import { pickTwo } from '@faultline/mesh-core/p2c';
import { connect, type Socket } from 'node:net';
import type { BackendState } from '../backends.ts';
import type { Deps } from '../deps.ts';
import { splitAuthority } from '../http/target.ts';
import { splice } from './splice.ts';
import { connectTls } from './tls.ts';

/** Takes a CONNECT tunnel to an endpoint of an opaque Service, over mTLS where it is meshed. */
export function tunnelToBackend(client: Socket, { balancer }: BackendState, deps: Deps): void {
  const nowMs = deps.clock.monotonic();
  const ready = balancer.ready(nowMs);
  const index = pickTwo(ready.length, (at) => ready[at]?.load(nowMs) ?? 0, deps.random);
  const endpoint = index === undefined ? undefined : ready[index];
  if (!endpoint) {
    client.destroy();
    return;
  }
  const { socket, identity } = endpoint.wire;
  const server =
    identity === undefined ? connect(socket) : connectTls(socket, identity, deps.credentials());
  splice(client, server);
}

/** Takes a CONNECT tunnel out of the mesh, to a host that is no Service. */
export function tunnelOutside(client: Socket, authority: string): void {
  splice(client, connect(splitAuthority(authority)));
}
