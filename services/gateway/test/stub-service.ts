import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a neighbour received it. */
export type Received = {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  rawHeaders: string[];
  body: string;
};

export type Reply = (req: IncomingMessage, res: ServerResponse, body: string) => void;

/** A neighbour that writes down what it is sent and answers as told. */
export class StubService {
  readonly received: Received[] = [];
  readonly #name: string;
  readonly #server = createServer((req, res) => void this.#handle(req, res));
  /** Overrides the reply; taken before the body is read when `early`. */
  reply: Reply | undefined;
  early: ((req: IncomingMessage, res: ServerResponse) => void) | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    // A listening TCP server has an AddressInfo.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  reset(): void {
    this.received.length = 0;
    this.reply = undefined;
    this.early = undefined;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (this.early) {
      this.early(req, res);
      return;
    }
    let body = '';
    try {
      for await (const chunk of req) body += String(chunk);
    } catch {
      body += '[aborted]';
    }
    const { method = '', url = '', headers, rawHeaders } = req;
    this.received.push({ method, url, headers, rawHeaders, body });
    if (this.reply) this.reply(req, res, body);
    else json(res, 200, { service: this.#name });
  }
}

/** Answers with a JSON document. */
export function json(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string | string[]> = {},
): void {
  res.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  res.end(JSON.stringify(body));
}
