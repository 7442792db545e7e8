import { uuidv7 } from '@faultline/chassis/ids';
import { getProduct } from '@faultline/contracts/gateway';
import {
  getOrder,
  type Order,
  order,
  type OrderDraft,
  placeOrder,
  watchOrder,
} from '@faultline/contracts/orders';
import { pick } from '../chance.ts';
import type { Customer, SignedIn } from '../customers.ts';
import { lastEvent } from '../event-stream.ts';
import { StepFailed } from '../steps.ts';
import type { Journey, Person } from './journey.ts';
import { isProduct } from './search.ts';

const attempts = 5;
const pauseMs = 500;
const pauseMsMax = 5_000;
/** How often to look whether an order is settled. */
const pollMs = 500;
const pollsMax = 60;
const streamMs = 30_000;
/** A customer remembers his latest. */
const ordersMax = 20;

const unsettled = new Set(['pending', 'cancelling', 'refunding']);

/** Buys something, and stays until it is known what became of the order. */
export const buy: Journey = {
  name: 'buy',
  weight: 15,
  requests: 3,
  async make(person) {
    const { steps, random, customers, orders } = person;
    const customer = await customers.anyone(steps, random);
    const session = await customers.session(steps, customer);
    const productId = await chooseProduct(person);
    if (productId === undefined) return;
    orders.place();
    const placed = await insist(person, session, draft(productId, random() < 0.2 ? 2 : 1));
    if (placed === undefined) return orders.settle('refused');
    remember(customer, placed.id);
    const settled = await follow(person, session, placed);
    if (settled) orders.settle(settled.status === 'confirmed' ? 'confirmed' : 'failed');
  },
};

/** A product that can be bought, as far as anybody knows. */
async function chooseProduct({ steps, random, goods }: Person): Promise<string | undefined> {
  for (let looked = 0; looked < 3; looked++) {
    const { id } = pick(random, goods);
    const terms = { expect: [200], judge: isProduct(id) } as const;
    const { body } = await steps.call(getProduct, { params: { id } }, terms);
    if ((body.stock?.available ?? 2) >= 2) return id;
  }
  return undefined;
}

function draft(productId: string, quantity: number): OrderDraft {
  return {
    items: [{ product_id: productId, quantity }],
    shipping_address: {
      name: 'Lou Load',
      line1: 'Storgatan 1',
      city: 'Lund',
      postal_code: '22100',
      country: 'SE',
    },
    payment: { token: 'tok_ok' },
  };
}

/**
 * Places an order and asks again with the same key while nobody knows what became of it: no answer
 * is not a no. Undefined when the shop will not have it.
 */
async function insist(
  { steps, clock }: Person,
  { headers }: SignedIn,
  body: OrderDraft,
): Promise<Order | undefined> {
  const request = { headers: { 'idempotency-key': uuidv7(clock) }, body };
  for (let attempt = 1; ; attempt++) {
    let waitMs = pauseMs * 2 ** (attempt - 1);
    try {
      const reply = await steps.call(placeOrder, request, {
        headers,
        expect: [201, 202, 402, 409],
        judge: (answer) => (isPlaced(answer) ? isOrdered(answer.body, body) : {}),
      });
      if (isPlaced(reply)) return reply.body;
      // Our own first sending of it is still at work.
      const isBusy = reply.body.reason === 'request_in_progress';
      if (!isBusy || attempt === attempts) return undefined;
    } catch (error) {
      if (!(error instanceof StepFailed) || attempt === attempts) throw error;
      waitMs = error.retryAfterMs ?? waitMs;
    }
    await steps.pause(Math.min(pauseMsMax, waitMs));
  }
}

function isPlaced<R extends { status: number }>(
  reply: R,
): reply is Extract<R, { status: 201 | 202 }> {
  return reply.status === 201 || reply.status === 202;
}

/** Whether an order is the one that was asked for, and its sum is right. */
function isOrdered({ lines, total }: Order, { items }: OrderDraft): { failure?: string } {
  const ordered = lines.map(({ product_id, quantity }) => `${quantity} × ${product_id}`).join();
  const asked = items.map(({ product_id, quantity }) => `${quantity} × ${product_id}`).join();
  if (ordered !== asked) return { failure: `asked for ${asked}, got ${ordered}` };
  const sum = lines.reduce((all, line) => all + line.unit_price.amount * line.quantity, 0);
  return sum === total.amount ? {} : { failure: `the lines make ${sum}, not ${total.amount}` };
}

/** Waits for an order to be settled: every other customer watches, the others look now and then. */
async function follow(
  { steps, random }: Person,
  { headers }: SignedIn,
  placed: Order,
): Promise<Order | undefined> {
  if (!unsettled.has(placed.status)) return placed;
  if (random() < 0.5) {
    const path = watchOrder.path.replace(':id', placed.id);
    const terms = { headers: { ...headers, Accept: 'text/event-stream' }, timeoutMs: streamMs };
    const { body } = await steps.get(watchOrder.id, path, terms);
    const told = order.safeParse(lastEvent(body.toString(), 'order'));
    if (told.success && !unsettled.has(told.data.status)) return told.data;
  }
  const request = { params: { id: placed.id } };
  for (let polls = 0; polls < pollsMax; polls++) {
    await steps.pause(pollMs);
    const { body } = await steps.call(getOrder, request, { headers, expect: [200] });
    if (!unsettled.has(body.status)) return body;
  }
  return undefined;
}

function remember({ orders }: Customer, id: string): void {
  orders.push(id);
  if (orders.length > ordersMax) orders.shift();
}
