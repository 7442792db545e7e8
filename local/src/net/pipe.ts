import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connectOptions, type Address } from './address.ts';
import type { Endpoints, Target } from './endpoints.ts';

const waitForInstanceMs = 1000;

/** Connects a client to a ready instance, byte for byte in both directions. */
export async function pipeToInstance(
  client: Duplex,
  options: { target: Target; endpoints: Endpoints },
): Promise<void> {
  const gone = new AbortController();
  client.on('error', () => client.destroy());
  client.on('close', () => gone.abort());
  const { target, endpoints } = options;
  const address = await endpoints.pickWithin(target, waitForInstanceMs, gone.signal);
  if (gone.signal.aborted) return;
  const problem = `Service '${target.service.name}' has no ready instance`;
  if (address === undefined) return refuse(client, problem);
  const instance = open(address);
  instance.on('connect', () => {
    client.pipe(instance).pipe(client);
  });
  instance.on('error', () => {
    if (instance.connecting) refuse(client, problem);
    else client.destroy();
  });
  instance.on('close', () => {
    if (!client.writableEnded) client.destroy();
  });
  client.on('close', () => instance.destroy());
}

function open(address: Address): Socket {
  const to = connectOptions(address);
  // Half-open: a client may end its side and still wait for the answer.
  return 'socketPath' in to
    ? connect({ path: to.socketPath, allowHalfOpen: true })
    : connect({ ...to, allowHalfOpen: true, noDelay: true });
}

/** Answers 503 in HTTP to a client that cannot be connected, and hangs up. */
function refuse(client: Duplex, detail: string): void {
  const body = JSON.stringify({
    type: 'about:blank',
    title: 'No ready instance',
    status: 503,
    detail,
  });
  client.end(
    'HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n' +
      `l5d-proxy-error: ${detail}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `retry-after: 1\r\nconnection: close\r\n\r\n${body}`,
    () => client.destroy(),
  );
}
