import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Address } from './http.ts';
import type { Time } from './time.ts';

/** A request as an app got it. */
export type Seen = {
  readonly method: string;
  readonly url: string;
  readonly version: string;
  readonly headers: IncomingMessage['headers'];
  /** Name, value, name, value; as received. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** When its head came. */
  readonly atMs: number;
};

/** What an app does with a request; nothing said is 200 with an empty body, at once. */
export type Answer = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly afterMs?: number;
  /** Says nothing more: `all` from the start, `body` once the head is out. */
  readonly hangs?: 'all' | 'body';
};

/** A server that answers as a test tells it and remembers what it was asked. */
export class App {
  readonly seen: Seen[] = [];
  /** `index` counts the requests from 0. */
  answer: (seen: Seen, index: number) => Answer = () => ({});
  /** Bytes to answer with in place of HTTP that is made well. */
  raw: string | undefined;
  readonly #address: Address;
  readonly #time: Time;
  #server: Server | undefined;

  constructor(address: Address, time: Time) {
    this.#address = address;
    this.#time = time;
  }

  /** Listens, after `stop` again. */
  async start(): Promise<void> {
    const server = createServer((incoming, response) => void this.#serve(incoming, response));
    server.keepAliveTimeout = 0;
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#address, resolve));
  }

  /** As if it had crashed: connections break, new ones are refused. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = this.#time.nowMs();
    const { method = '', url = '', httpVersion: version, headers, rawHeaders } = incoming;
    let body = '';
    incoming.setEncoding('latin1');
    try {
      for await (const text of incoming) body += String(text);
    } catch {
      // The client went away: as it never finished asking, there is nothing to answer.
      return;
    }
    const seen = { method, url, version, headers, rawHeaders, body, atMs };
    const answer = this.answer(seen, this.seen.push(seen) - 1);
    if (this.raw !== undefined) {
      response.socket?.write(this.raw);
      return;
    }
    if (answer.afterMs !== undefined) await this.#time.sleep(answer.afterMs);
    if (answer.hangs === 'all') return;
    response.writeHead(answer.status ?? 200, { ...answer.headers });
    if (answer.hangs === 'body') response.write(answer.body ?? 'begun');
    else response.end(answer.body ?? '');
  }
}
