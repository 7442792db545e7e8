import { createServer, type Server, type Socket } from 'node:net';
import type { Endpoints, Target } from './endpoints.ts';
import { pipeToInstance } from './pipe.ts';

export type PublicPort = { port: number; stop(): Promise<void> };

export type PublicPortOptions = {
  target: Target;
  endpoints: Endpoints;
  host: string;
  /** 0 for a free one. */
  port: number;
};

/**
 * Opens a Service to the outside: each connection is piped, byte for byte, to a ready instance, so
 * that the instance's own parser judges what people send.
 */
export async function openPublicPort(options: PublicPortOptions): Promise<PublicPort> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    sockets.add(client);
    client.on('close', () => sockets.delete(client));
    void pipeToInstance(client, options);
  });
  await listen(server, options);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function listen(server: Server, { host, port, target }: PublicPortOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const what = `open port ${port} on ${host} for Service ${target.service.name}`;
      const why =
        cause.code === 'EADDRINUSE'
          ? 'it is taken; stop what listens there, or use --ports auto'
          : cause.message;
      reject(new Error(`${what}: ${why}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}
