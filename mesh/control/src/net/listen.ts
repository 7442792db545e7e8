import { createServer, type Socket } from 'node:net';
import { chmod, rm } from 'node:fs/promises';

const connectionsMax = 1_000;

/** Listens on a Unix socket that only this user can reach; `stop` closes it and its connections. */
export async function listen(
  path: string,
  onConnection: (socket: Socket) => void,
): Promise<{ stop(): Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    onConnection(socket);
  });
  server.maxConnections = connectionsMax;
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
