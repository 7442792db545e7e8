import { randomUUID } from 'node:crypto';
import { systemClock } from '@faultline/chassis/clock';
import { eventually } from '@faultline/chassis/testing/eventually';
import { product, type Product } from '@faultline/contracts/catalog';
import { image } from '@faultline/contracts/images';
import { order, type Order } from '@faultline/contracts/orders';
import { type account, session } from '@faultline/contracts/profiles';
import { stockLevel } from '@faultline/contracts/inventory';
import sharp from 'sharp';
import { Api, type Reply } from './api.ts';
import { isFinal, type Placement } from './placements.ts';
import type { System } from './system.ts';

/** How many of each product, by the nickname it was stocked under. */
export type Basket = Readonly<Record<string, number>>;

export type Purchase = { token?: string; key?: string };

const unsettled = new Set(['pending', 'cancelling', 'refunding']);

/** People in a shop, and what they do there. Remembers what they were told, and their secrets. */
export class Shop {
  readonly system: System;
  /** Nobody in particular. */
  readonly visitor: Api;
  readonly placements: Placement[] = [];
  /** What must never be seen in logs, events and spans, and what it is. */
  readonly canaries = new Map<string, string>();
  readonly #products = new Map<string, Product>();
  #admin: Promise<Admin> | undefined;

  constructor(system: System) {
    this.system = system;
    this.visitor = new Api(system.url);
  }

  /** Somebody new, signed up and in. */
  async customer(): Promise<Customer> {
    const id = randomUUID().slice(0, 8);
    const credentials = {
      email: this.#secret(`ann.${id}@canary.example`, 'an e-mail address'),
      password: this.#secret(`canary password ${id}`, 'a password'),
    };
    const signedUp = await this.visitor.post('/api/v1/accounts', {
      ...credentials,
      name: this.#secret(`Ann Canary-${id}`, 'a name'),
    });
    requireStatus(signedUp, 201);
    const line1 = this.#secret(`${id} Canary Lane`, 'an address');
    return new Customer(this, await this.signIn(credentials), { ...credentials, line1 });
  }

  /** That many customers; sign-ups are dear, so a few at a time. */
  async customers(count: number): Promise<Customer[]> {
    const all: Customer[] = [];
    while (all.length < count) {
      const few = Array.from({ length: Math.min(8, count - all.length) }, () => this.customer());
      all.push(...(await Promise.all(few)));
    }
    return all;
  }

  /** The back office's administrator. */
  admin(): Promise<Admin> {
    this.#admin ??= this.#signInAdmin();
    return this.#admin;
  }

  async #signInAdmin(): Promise<Admin> {
    const note = this.system.engine.notes.find((line) => line.startsWith('Admin'));
    const [, email = '', password = ''] = /(\S+@\S+) \/ (\S+)/.exec(note ?? '') ?? [];
    return new Admin(this, await this.signIn({ email, password }));
  }

  async signIn(credentials: { email: string; password: string }): Promise<SignIn> {
    const reply = await this.visitor.post('/api/v1/sessions', credentials);
    requireStatus(reply, 201);
    const { access_token: token, account: who } = session.parse(reply.body);
    this.#secret(token, 'an access token');
    for (const value of Object.values(reply.cookies)) this.#secret(value, 'a session cookie');
    const authorization = `Bearer ${token}`;
    const api = this.visitor.with({ Authorization: authorization });
    return { account: who, authorization, api, cookies: reply.cookies };
  }

  /** Products made for this test, by nickname, with that many of each. */
  async stocks(levels: Basket): Promise<void> {
    const admin = await this.admin();
    for (const [nickname, count] of Object.entries(levels)) {
      const made = await admin.createsProduct(nickname);
      this.knows(nickname, made);
      await admin.setsStock(made.id, count);
    }
  }

  /** The product that was stocked under `nickname`. */
  product(nickname: string): Product {
    const found = this.#products.get(nickname);
    if (found) return found;
    throw new Error(`find ${nickname}: the shop stocks ${[...this.#products.keys()].join(', ')}`);
  }

  /** Remembers a product as it is now. */
  knows(nickname: string, made: Product): void {
    this.#products.set(nickname, made);
  }

  /** What the inventory has of a product. */
  async level(nickname: string): Promise<{ available: number; reserved: number; sold: number }> {
    const [row] = await this.system.databases.query<{
      available: number;
      reserved: number;
      sold: number;
    }>('inventory', 'SELECT available, reserved, sold FROM stock WHERE product_id = $1', [
      this.product(nickname).id,
    ]);
    if (row) return row;
    throw new Error(`read the stock of ${nickname}: there is none`);
  }

  #secret(value: string, what: string): string {
    this.canaries.set(value, what);
    return value;
  }
}

type SignIn = {
  account: ReturnType<typeof account.parse>;
  authorization: string;
  api: Api;
  cookies: Readonly<Record<string, string>>;
};

/** Somebody who buys. */
export class Customer {
  readonly id: string;
  /** The header that says who it is. */
  readonly authorization: string;
  readonly api: Api;
  readonly cookies: Readonly<Record<string, string>>;
  readonly credentials: { email: string; password: string };
  readonly #shop: Shop;
  readonly #line1: string;

  constructor(
    shop: Shop,
    signIn: SignIn,
    personal: { email: string; password: string; line1: string },
  ) {
    const { line1, ...credentials } = personal;
    this.#shop = shop;
    this.id = signIn.account.id;
    this.authorization = signIn.authorization;
    this.api = signIn.api;
    this.cookies = signIn.cookies;
    this.credentials = credentials;
    this.#line1 = line1;
  }

  /** The order as it is sent. */
  draft(basket: Basket, token = 'tok_ok'): Record<string, unknown> {
    return {
      items: Object.entries(basket).map(([nickname, quantity]) => ({
        product_id: this.#shop.product(nickname).id,
        quantity,
      })),
      shipping_address: {
        name: 'Ann Canary',
        line1: this.#line1,
        city: 'Lund',
        postal_code: '22100',
        country: 'SE',
      },
      payment: { token },
    };
  }

  /** Places an order, once; the reply is whatever came. */
  async buys(basket: Basket, { token, key = randomUUID() }: Purchase = {}): Promise<Reply> {
    const placement = this.#placement(key);
    const reply = await this.api.post('/api/v1/orders', this.draft(basket, token), {
      'Idempotency-Key': key,
    });
    // What the engine says in the place of a gateway that is away is no answer of the shop.
    if (reply.headers['x-service-version'] !== undefined) {
      placement.replies.push({ status: reply.status, body: reply.body });
    }
    return reply;
  }

  /** Places an order and asks again with the same key until there is a final answer, come what may. */
  async insistsOn(
    basket: Basket,
    { token, key = randomUUID() }: Purchase = {},
    timeoutMs = 60_000,
  ): Promise<Reply> {
    const giveUpMs = systemClock.monotonic() + timeoutMs;
    for (;;) {
      const reply = await this.buys(basket, { key, ...(token ? { token } : {}) }).catch(String);
      if (typeof reply !== 'string' && (isFinal(reply) || reply.status === 422)) return reply;
      if (systemClock.monotonic() > giveUpMs) {
        throw new Error(`order ${key} is not settled: ${JSON.stringify(reply)}`);
      }
      await systemClock.sleep(pauseMs(reply));
    }
  }

  /** Buys what is there, with a card that is good. */
  async orders(basket: Basket, purchase: Purchase = {}): Promise<Order> {
    const reply = await this.buys(basket, purchase);
    requireStatus(reply, 201);
    return order.parse(reply.body);
  }

  async order(id: string): Promise<Order> {
    const reply = await this.api.get(`/api/v1/orders/${id}`);
    requireStatus(reply, 200);
    return order.parse(reply.body);
  }

  async seesSettled(id: string, timeoutMs = 30_000): Promise<Order> {
    return eventually(async () => {
      const found = await this.order(id);
      if (unsettled.has(found.status)) throw new Error(`order ${id} is ${found.status}`);
      return found;
    }, timeoutMs);
  }

  cancels(id: string): Promise<Reply> {
    return this.api.post(`/api/v1/orders/${id}/cancel`);
  }

  /** The ids of all orders, newest first. */
  async ownOrders(): Promise<string[]> {
    const reply = await this.api.get('/api/v1/orders', { query: { limit: 100 } });
    requireStatus(reply, 200);
    return order
      .array()
      .parse(reply.body['items'])
      .map(({ id }) => id);
  }

  #placement(key: string): Placement {
    const known = this.#shop.placements.find((one) => one.accountId === this.id && one.key === key);
    if (known) return known;
    const placement: Placement = { accountId: this.id, key, replies: [] };
    this.#shop.placements.push(placement);
    return placement;
  }
}

/** Somebody who runs the shop. */
export class Admin {
  readonly api: Api;
  readonly cookies: Readonly<Record<string, string>>;
  readonly #shop: Shop;

  constructor(shop: Shop, signIn: SignIn) {
    this.#shop = shop;
    this.api = signIn.api;
    this.cookies = signIn.cookies;
  }

  async createsProduct(nickname: string, fields: Record<string, unknown> = {}): Promise<Product> {
    const reply = await this.api.post('/api/v1/admin/products', {
      slug: `${nickname}-${randomUUID().slice(0, 8)}`,
      name: `Tested ${nickname}`,
      description: `A ${nickname} that only tests buy.`,
      category: 'lighting',
      price: { amount: 1_999, currency: 'EUR' },
      attributes: { tested: true },
      ...fields,
    });
    requireStatus(reply, 201);
    return product.parse(reply.body);
  }

  /** Sets how many can be bought, whatever somebody else does to the stock meanwhile. */
  async setsStock(productId: string, available: number, timeoutMs = 5_000): Promise<void> {
    await eventually(async () => {
      const version = await this.#stockVersion(productId);
      const reply = await this.api.send('PUT', `/api/v1/admin/stock/${productId}`, {
        body: { available, version },
      });
      requireStatus(reply, 200);
      stockLevel.parse(reply.body);
    }, timeoutMs);
  }

  /** Any picture; its id. */
  async uploadsPicture(): Promise<string> {
    const background = `#${randomUUID().slice(0, 6)}`;
    const plain = sharp({ create: { width: 640, height: 480, channels: 3, background } });
    const reply = await this.api.post('/api/v1/images', await plain.jpeg().toBuffer(), {
      'Content-Type': 'image/jpeg',
    });
    requireStatus(reply, 202);
    return image.parse(reply.body).id;
  }

  /** Changes a stocked product as it is now. */
  async edits(nickname: string, changes: Record<string, unknown>): Promise<void> {
    const { slug, name, description, category, price, attributes, image_ids, id } =
      this.#shop.product(nickname);
    const { body } = await this.api.get(`/api/v1/products/${id}`);
    const { version } = product.parse(body);
    const whole = { slug, name, description, category, price, attributes, image_ids, version };
    const reply = await this.api.send('PUT', `/api/v1/admin/products/${id}`, {
      body: { ...whole, ...changes },
    });
    requireStatus(reply, 200);
    this.#shop.knows(nickname, product.parse(reply.body));
  }

  refunds(orderId: string): Promise<Reply> {
    return this.api.post(`/api/v1/admin/orders/${orderId}/refund`);
  }

  /** 0 for a product without stock. */
  async #stockVersion(productId: string): Promise<number> {
    const [row] = await this.#shop.system.databases.query<{ version: number }>(
      'inventory',
      'SELECT version FROM stock WHERE product_id = $1',
      [productId],
    );
    return row?.version ?? 0;
  }
}

/** As long as the shop asks for, a second at most. */
function pauseMs(reply: Reply | string): number {
  const asked = typeof reply === 'string' ? undefined : reply.headers['retry-after'];
  return asked === undefined ? 100 : Math.min(1_000, Number(asked) * 1_000);
}

/** Throws with the whole reply unless it has that status. */
export function requireStatus(reply: Reply, status: number): void {
  if (reply.status === status) return;
  throw new Error(`expected ${status}, got ${reply.status} ${JSON.stringify(reply.body)}`);
}
