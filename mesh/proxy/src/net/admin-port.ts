import type { Clock } from '../clock.ts';
import type { Handler } from '../layer.ts';
import type { Limits } from '../limits.ts';
import type { Address } from './address.ts';
import { Listener } from './listener.ts';
import { ServerConnection } from './server-connection.ts';

/** Serves the admin endpoints at `address`; the last port to close. */
export async function listenAdmin(
  address: Address,
  handler: Handler,
  { clock, limits }: { clock: Clock; limits: Limits },
): Promise<Listener> {
  const listener: Listener = new Listener(clock, (socket) => {
    const connection = new ServerConnection(socket, {
      handler,
      clock,
      client: { address: socket.remoteAddress ?? '127.0.0.1', identity: undefined },
      direction: 'inbound',
      limits: limits.server,
      targets: 'origin',
      isDraining: () => listener.draining,
    });
    listener.add(connection, socket);
  });
  await listener.listen(address);
  return listener;
}
