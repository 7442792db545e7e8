import { connect, type Socket } from 'node:net';
import type { WireEndpoint } from '@faultline/mesh-core/snapshot';
import type { Deps } from '../deps.ts';
import { endpointLabels } from '../metrics/endpoint-labels.ts';
import type { Address } from './address.ts';
import { splice } from './splice.ts';
import { connectTls } from './tls.ts';

/** Takes a CONNECT tunnel to an endpoint of an opaque port, over mTLS where it is meshed. */
export function tunnelToEndpoint(
  client: Socket,
  endpoint: WireEndpoint | undefined,
  deps: Deps,
): void {
  if (!endpoint) {
    client.destroy();
    return;
  }
  const { socket, identity } = endpoint;
  const server =
    identity === undefined
      ? connect(socket)
      : connectTls(socket, { identity, carries: 'opaque' }, deps.credentials());
  deps.tcp.of({ direction: 'outbound', peer: 'dst', ...endpointLabels(endpoint) }).open(server);
  splice(client, server);
}

/** Takes a CONNECT tunnel out of the mesh. */
export function tunnelOutside(client: Socket, address: Address): void {
  splice(client, connect(address));
}
