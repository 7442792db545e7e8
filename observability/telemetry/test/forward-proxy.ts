import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A forward proxy that answers everything itself and keeps what it was asked for. */
export type ForwardProxy = AsyncDisposable & {
  readonly url: string;
  readonly requests: readonly { readonly target: string; readonly traceparent: string }[];
};

/** Listens on a free loopback port. */
export async function startForwardProxy(): Promise<ForwardProxy> {
  const requests: { target: string; traceparent: string }[] = [];
  const server = createServer((incoming, response) => {
    requests.push({
      target: incoming.url ?? '',
      traceparent: String(incoming.headers['traceparent']),
    });
    response.end('from the proxy');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // A TCP listener's address is never a string or null.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
