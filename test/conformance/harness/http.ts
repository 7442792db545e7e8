import { type Agent, type ClientRequest, type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';

export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

export type Ask = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** How a body of several pieces is sent; ends the request itself. */
  readonly write?: (outgoing: ClientRequest) => void;
  readonly agent?: Agent;
};

export type Reply = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly ms: number;
  /** The reply broke off in the middle. */
  readonly broken: boolean;
};

/** One request to `address`, its target as written; rejects when there is no reply at all. */
export function ask(
  address: Address,
  target: string,
  { nowMs, ...options }: Ask & { nowMs: () => number },
): Promise<Reply> {
  const startMs = nowMs();
  const host = /^http:\/\/([^/]+)/.exec(target)?.[1] ?? 'b';
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...('path' in address ? { socketPath: address.path } : address),
      path: target,
      method: options.method ?? 'GET',
      headers: { host, ...options.headers },
      agent: options.agent ?? false,
    });
    outgoing.on('response', (incoming) => {
      let body = '';
      incoming.setEncoding('latin1');
      incoming.on('data', (text: string) => (body += text));
      const settle = (broken: boolean): void => {
        const { statusCode: status = 0, headers } = incoming;
        resolve({ status, headers, body, ms: nowMs() - startMs, broken });
      };
      incoming.on('error', () => settle(true));
      incoming.on('end', () => settle(!incoming.complete));
    });
    outgoing.on('error', reject);
    if (options.write) options.write(outgoing);
    else outgoing.end(options.body);
  });
}

/** Writes bytes to a new connection; the answer is all that comes back until `until` or the end. */
export function raw(
  address: Address,
  bytes: string | Buffer,
  isEnough: (got: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket: Socket = connect(address, () => {
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    });
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      got += text;
      if (isEnough(got)) socket.destroy();
    });
    // The end follows and is what the tests look at.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(got));
  });
}
