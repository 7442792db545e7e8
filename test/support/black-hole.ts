import { createServer, type Server, type Socket } from 'node:net';

/** Takes connections and all that is sent on them, and never says a word. */
export class BlackHole implements AsyncDisposable {
  /** Bytes that went in. */
  swallowed = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('data', (chunk) => (this.swallowed += chunk.length));
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async open(): Promise<BlackHole> {
    const hole = new BlackHole();
    await new Promise<void>((done) => hole.#server.listen(0, '127.0.0.1', done));
    return hole;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  /** From now on nobody is there at all. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((done) => this.#server.close(done));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
