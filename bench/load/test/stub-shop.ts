import { createSession, session, sessionCookies } from '@faultline/contracts/profiles';
import type { HttpReply, HttpRequest, NoReply, Send } from '../src/http.ts';
import type { Product } from '@faultline/contracts/catalog';
import { type Order, orderDraft } from '@faultline/contracts/orders';

const time = '2026-01-01T00:00:00.000Z';
const account = '01900000-0000-7000-8000-00000000000a';

export const product: Product = {
  id: '01900000-0000-7000-8000-000000000001',
  slug: 'small-lamp',
  name: 'Small Lamp & Shade',
  description: 'Shines.',
  category: 'lighting',
  price: { amount: 1_000, currency: 'EUR' },
  attributes: {},
  image_ids: [],
  images: [
    {
      image_id: '01900000-0000-7000-8000-000000000009',
      renditions: [{ width: 1, height: 1, media_type: 'image/webp', url: '/media/a.webp' }],
    },
  ],
  status: 'active',
  version: 1,
  created_at: time,
  updated_at: time,
};

export function order(status: Order['status'], quantity = 1): Order {
  const total = { amount: 1_000 * quantity, currency: 'EUR' } as const;
  const { id, slug, name, price } = product;
  return {
    id: '01900000-0000-7000-8000-00000000000d',
    account_id: account,
    status,
    failure_reason: null,
    failure_detail: null,
    lines: [{ product_id: id, slug, name, quantity, unit_price: price, total }],
    total,
    shipping_address: { name: 'L', line1: 'S', city: 'L', postal_code: '1', country: 'SE' },
    created_at: time,
    updated_at: time,
  };
}

export type Answer = HttpReply | NoReply;
type Answers = Readonly<Record<string, (request: HttpRequest) => Answer | Promise<Answer>>>;

export function json(
  status: number,
  value: unknown,
  headers: HttpReply['headers'] = {},
): HttpReply {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  const body = Buffer.from(JSON.stringify(value));
  return { kind: 'reply', status, headers: { 'content-type': type, ...headers }, body };
}

export function problem(status: number, reason: string, headers = {}): HttpReply {
  const type = `urn:problem:${reason}`;
  const rest = { title: 'T', detail: 'D', instance: '/', trace_id: 'f00', retryable: true };
  return json(status, { type, status, reason, ...rest }, headers);
}

export function page(text: string, status = 200): HttpReply {
  const body = Buffer.from(`<html><body>${text}</body></html>`);
  return { kind: 'reply', status, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

const reset: NoReply = { kind: 'none', cause: 'reset', detail: 'ECONNRESET' };
export const gone: Answer = reset;

/** What a shop says in which all is well. */
const well: Answers = {
  'GET /': () => page('Home'),
  'GET /categories/lighting': () => page('Lighting'),
  'GET /products/small-lamp': () => page('Small Lamp &amp; Shade'),
  'GET /search': () => page('Results'),
  'GET /media/a.webp': () => {
    const headers = { 'content-type': 'image/webp' };
    return { kind: 'reply', status: 200, headers, body: Buffer.from('RIFF') };
  },
  'GET /api/v1/products': () =>
    json(200, { items: [product], next_cursor: null, total: 1, facets: [] }),
  [`GET /api/v1/products/${product.id}`]: () =>
    json(200, { ...product, stock: { available: 9 }, degraded: [] }),
  'POST /api/v1/accounts': ({ body }) => json(201, accountOf(String(body))),
  'POST /api/v1/sessions': ({ body }) =>
    json(
      201,
      session.parse({
        access_token: 'a.b.c',
        token_type: 'Bearer',
        expires_in: 900,
        account: accountOf(String(body)),
      }),
      { 'set-cookie': [`${sessionCookies.refresh}=r; Path=/`] },
    ),
  'GET /api/v1/me': () => json(200, accountOf('{"email":"a@b.c"}')),
  'DELETE /api/v1/sessions/current': () => json(204, null),
  'POST /api/v1/orders': (request) => placed('confirmed', request),
  'GET /api/v1/orders': () => json(200, { items: [order('confirmed')], next_cursor: null }),
  [`GET /api/v1/orders/${order('confirmed').id}`]: () => json(200, order('confirmed')),
};

function accountOf(body: string): object {
  const { email } = createSession.body.pick({ email: true }).loose().parse(JSON.parse(body));
  const rest = { name: 'Lou', role: 'customer', disabled: false, created_at: time };
  return { id: account, email, ...rest };
}

/** The reply to an order that is now in this state. */
export function placed(status: 'pending' | 'confirmed', { body }: HttpRequest): HttpReply {
  const [item] = orderDraft.parse(JSON.parse(String(body))).items;
  return json(status === 'confirmed' ? 201 : 202, order(status, item?.quantity));
}

/** A shop that says what it is told to, and else that all is well; with what it was asked. */
export function stubShop(answers: Answers = {}): { send: Send; asked: HttpRequest[] } {
  const asked: HttpRequest[] = [];
  const send: Send = async (request) => {
    asked.push(request);
    const key = `${request.method} ${request.path.split('?')[0]}`;
    const answer = answers[key] ?? well[key];
    return answer?.(request) ?? problem(404, 'not_found');
  };
  return { send, asked };
}
