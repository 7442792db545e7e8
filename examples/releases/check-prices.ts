import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

// A check of the business for a Canary: whether people are shown the prices that they were shown
// before. Flagger, and the local engine, ask it at every step; 200 is a yes, 500 a no.
//
//   node examples/releases/check-prices.ts --shop http://localhost:8080 --port 9797

const looksPerCheck = 10;

const { values } = parseArgs({
  options: {
    shop: { type: 'string', default: 'http://localhost:8080' },
    port: { type: 'string', default: '9797' },
  },
});

type Shown = { id: string; price: { amount: number; currency: string } };

async function read<T>(path: string): Promise<T> {
  const reply = await fetch(new URL(path, values.shop), { signal: AbortSignal.timeout(5_000) });
  if (!reply.ok) throw new Error(`${path} answered ${reply.status}`);
  // The shop's own API, as its document at /api/openapi.json has it.
  return (await reply.json()) as T;
}

const { items } = await read<{ items: Shown[] }>('/api/v1/products?limit=20');
const known = new Map(items.map(({ id, price }) => [id, price]));

/** What is wrong with the prices of now; a part of the looks meets the new version. */
async function findWrong(): Promise<string | undefined> {
  const ids = [...known.keys()].slice(0, looksPerCheck);
  const products = await Promise.all(ids.map((id) => read<Shown>(`/api/v1/products/${id}`)));
  for (const { id, price } of products) {
    const { amount, currency } = known.get(id) ?? price;
    if (price.amount !== amount || price.currency !== currency) {
      return `${id} costs ${price.amount} ${price.currency}, it was ${amount} ${currency}`;
    }
  }
  return undefined;
}

const server = createServer((_, res) => {
  findWrong().then(
    (wrong) => res.writeHead(wrong === undefined ? 200 : 500).end(wrong ?? 'prices are as before'),
    // A shop that does not answer is for other checks to judge.
    (error: unknown) => res.writeHead(200).end(`not looked: ${String(error)}`),
  );
});
server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : values.port;
  process.stdout.write(`knows ${known.size} prices; asked at http://127.0.0.1:${port}/\n`);
});
