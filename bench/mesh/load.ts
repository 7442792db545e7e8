import { connect, type Socket } from 'node:net';

/** What to do: `connections` side by side for `seconds`, at `rate` requests a second or flat out. */
export type LoadOrder = {
  target: { host: string; port: number } | { path: string };
  head: string;
  connections: number;
  seconds: number;
  rate?: number;
};

export type LoadResult = {
  requests: number;
  errors: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
};

process.on('message', (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result));
});

async function run(order: LoadOrder): Promise<LoadResult> {
  const latencies: number[] = [];
  let errors = 0;
  const endMs = performance.now() + order.seconds * 1_000;
  const startMs = performance.now();
  const gapMs = order.rate === undefined ? 0 : (order.connections * 1_000) / order.rate;
  await Promise.all(
    Array.from({ length: order.connections }, async (_, index) => {
      const client = await Client.open(order);
      let dueMs = startMs + (gapMs * index) / order.connections;
      while (performance.now() < endMs) {
        if (gapMs > 0) await waitUntil((dueMs += gapMs));
        const sentMs = performance.now();
        if ((await client.ask()) !== 200) errors++;
        latencies.push(performance.now() - sentMs);
      }
      client.close();
    }),
  );
  latencies.sort((a, b) => a - b);
  const seconds = (performance.now() - startMs) / 1_000;
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return {
    requests: latencies.length,
    errors,
    perSecond: latencies.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

function waitUntil(dueMs: number): Promise<void> {
  const leftMs = dueMs - performance.now();
  return new Promise((resolve) => {
    if (leftMs > 0) setTimeout(resolve, leftMs);
    else resolve();
  });
}

/** One connection that writes requests as bytes and reads replies with a Content-Length. */
class Client {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #answer: ((status: number) => void) | undefined;
  #got = '';

  private constructor(socket: Socket, request: Buffer) {
    this.#socket = socket;
    this.#request = request;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk.toString('latin1')));
    socket.on('error', () => this.#answer?.(0));
    socket.on('close', () => this.#answer?.(0));
  }

  static open({ target, head }: LoadOrder): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect(target, () => resolve(new Client(socket, Buffer.from(head))));
      socket.once('error', reject);
    });
  }

  ask(): Promise<number> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#socket.write(this.#request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#got += text;
    const end = this.#got.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#got)?.[1] ?? 0);
    if (this.#got.length < end + 4 + length) return;
    const status = Number(this.#got.slice(9, 12));
    this.#got = '';
    this.#answer?.(status);
  }
}
