import type { Socket } from 'node:net';
import type { Labels, Registry } from '../metrics/registry.ts';

/** Counts a connection of a client as linkerd's tcp_* metrics do; its bytes when it closes. */
export function countConnection(socket: Socket, registry: Registry, labels: Labels): void {
  const counter = (name: string, help: string) => registry.counter(name, help, labels);
  counter('tcp_open_total', 'Connections opened.').value++;
  const open = registry.gauge('tcp_open_connections', 'Connections open.', labels);
  open.value++;
  socket.once('close', () => {
    open.value--;
    counter('tcp_close_total', 'Connections closed.').value++;
    counter('tcp_read_bytes_total', 'Bytes read from peers.').value += socket.bytesRead;
    counter('tcp_write_bytes_total', 'Bytes written to peers.').value += socket.bytesWritten;
  });
}
