import { order, type Order } from '@faultline/contracts/orders';

/** Follows an order's server-sent events until the server ends the stream. */
export async function followOrder(url: string, authorization: string): Promise<Order[]> {
  const reply = await fetch(url, { headers: { authorization, accept: 'text/event-stream' } });
  const type = reply.headers.get('content-type') ?? '';
  if (reply.status !== 200 || !type.startsWith('text/event-stream')) {
    throw new Error(`follow ${url}: expected a stream of events, got ${reply.status} ${type}`);
  }
  const events = (await reply.text())
    .split('\n\n')
    .filter((event) => /^event: order$/m.test(event));
  return events.map((event) => order.parse(JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '')));
}
