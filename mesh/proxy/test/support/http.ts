import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Address } from '../../src/net/address.ts';

export type Ask = {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  agent?: import('node:http').Agent;
};

export type Reply = {
  status: number;
  headers: IncomingHttpHeaders;
  trailers: NodeJS.Dict<string>;
  body: string;
  ms: number;
};

/** One request over a connection of its own (or the agent's); rejects when the reply breaks off. */
export function ask(address: Address, path: string, options: Ask = {}): Promise<Reply> {
  const startMs = performance.now();
  const host = /^http:\/\/([^/]+)/.exec(path)?.[1] ?? 'b';
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...('path' in address ? { socketPath: address.path } : address),
        path,
        method: options.method ?? 'GET',
        headers: { host, ...options.headers },
        agent: options.agent ?? false,
      },
      (incoming) => {
        let body = '';
        incoming.setEncoding('latin1');
        incoming.on('data', (text: string) => (body += text));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            trailers: incoming.trailers,
            body,
            ms: performance.now() - startMs,
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

/** Writes bytes to a new connection and returns everything that comes back until it ends. */
export function raw(address: Address, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket: Socket = connect(address, () => {
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    });
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (got += text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(got));
  });
}
