import { createApp } from '@faultline/chassis/app';
import { systemClock } from '@faultline/chassis/clock';
import { type Endpoint, mount } from '@faultline/chassis/endpoint';
import type { ProblemError } from '@faultline/chassis/errors';
import { createHttpClient, DependencyError, type HttpClient } from '@faultline/chassis/http-client';
import { seedId } from '@faultline/chassis/ids';
import { createMetrics } from '@faultline/chassis/metrics';
import { asPrincipal, serve } from '@faultline/chassis/testing/app';
import { silentLog } from '@faultline/chassis/testing/log';
import { catalogApi, type Product } from '@faultline/contracts/catalog';
import { inventoryApi, type StockLevel } from '@faultline/contracts/inventory';
import { type Order, ordersApi } from '@faultline/contracts/orders';
import { type Account, profilesApi } from '@faultline/contracts/profiles';
import { mountAdmin } from '../src/app.ts';
import type { Neighbour } from '../src/neighbours.ts';
import { renderAdminProblem } from '../src/view/problem.ts';

const TIME = '2026-05-01T10:00:00.000Z';

export const adminId = seedId('account', 'admin@faultline.test');

export function product(fields: Partial<Product> = {}): Product {
  return {
    id: seedId('product', fields.slug ?? 'lamp'),
    slug: 'lamp',
    name: 'Lamp',
    description: 'It shines.\nBrightly.',
    category: 'lighting',
    price: { amount: 12_900, currency: 'EUR' },
    attributes: { watts: 7, colours: ['red', 'blue'] },
    image_ids: [],
    images: [],
    status: 'active',
    version: 3,
    created_at: TIME,
    updated_at: TIME,
    ...fields,
  };
}

export function level(fields: Partial<StockLevel> = {}): StockLevel {
  return {
    product_id: product().id,
    received: 20,
    available: 12,
    reserved: 3,
    sold: 5,
    version: 7,
    updated_at: TIME,
    ...fields,
  };
}

export function account(fields: Partial<Account> = {}): Account {
  return {
    id: seedId('account', fields.email ?? 'ann@example.test'),
    email: 'ann@example.test',
    name: 'Ann',
    role: 'customer',
    disabled: false,
    created_at: TIME,
    ...fields,
  };
}

export function order(fields: Partial<Order> = {}): Order {
  const price = { amount: 12_900, currency: 'EUR' } as const;
  const { id, slug, name } = product();
  return {
    id: seedId('order', 'first'),
    account_id: account().id,
    status: 'confirmed',
    failure_reason: null,
    failure_detail: null,
    lines: [
      {
        product_id: id,
        slug,
        name,
        quantity: 2,
        unit_price: price,
        total: { ...price, amount: 25_800 },
      },
    ],
    total: { ...price, amount: 25_800 },
    shipping_address: {
      name: 'Ann',
      line1: 'Hill Street 1',
      city: 'Bonn',
      postal_code: '53111',
      country: 'DE',
    },
    created_at: TIME,
    updated_at: TIME,
    ...fields,
  };
}

/** What a neighbour was asked. */
export type Asked = {
  id: string;
  params: unknown;
  query: unknown;
  body: unknown;
  headers: Record<string, unknown>;
};

type Answer = (asked: Asked) => { status: number; body?: unknown };

const list = (...items: unknown[]): Answer => {
  return () => ({ status: 200, body: { items, next_cursor: null } });
};

const usual: Readonly<Record<string, Answer>> = {
  catalogListProducts: list(product()),
  catalogReadProduct: () => ({ status: 200, body: product() }),
  catalogCreateProduct: () => ({ status: 201, body: product() }),
  catalogUpdateProduct: () => ({ status: 200, body: product() }),
  catalogArchiveProduct: () => ({ status: 204 }),
  quoteProducts: () => ({
    status: 200,
    body: { items: [{ ...product(), product_id: product().id }] },
  }),
  inventoryListStock: list(level()),
  inventoryReadStock: () => ({ status: 200, body: level() }),
  inventorySetStock: () => ({ status: 200, body: level() }),
  ordersListOrders: list(order()),
  ordersGetOrder: () => ({ status: 200, body: order() }),
  ordersRefundOrder: () => ({ status: 202, body: order({ status: 'refunding' }) }),
  readAccount: () => ({ status: 200, body: account() }),
  profilesListAccounts: list(
    account(),
    account({ id: adminId, email: 'admin@faultline.test', name: 'Ada', role: 'admin' }),
  ),
  profilesUpdateAccount: () => ({ status: 200, body: account({ role: 'admin' }) }),
};

/** The services behind the back office: they validate by their contracts and answer as told. */
class Neighbourhood {
  readonly asked: Asked[] = [];
  readonly down = new Set<Neighbour>();
  #answers = new Map<string, Answer>();

  /** All up again and answering as usual, with nothing asked yet. */
  reset(): void {
    this.asked.length = 0;
    this.down.clear();
    this.#answers.clear();
  }

  /** From now on the operation `id` is answered like this. */
  answers(id: string, answer: Answer): void {
    this.#answers.set(id, answer);
  }

  /** From now on the operation `id` is refused like this. */
  refuses(id: string, problem: ProblemError): void {
    this.answers(id, () => {
      throw problem;
    });
  }

  /** What the operation `id` was last asked. */
  last(id: string): Asked | undefined {
    return this.asked.findLast((asked) => asked.id === id);
  }

  reply(asked: Asked): ReturnType<Answer> {
    this.asked.push(asked);
    const answer = this.#answers.get(asked.id) ?? usual[asked.id];
    if (!answer) throw new Error(`nobody said what ${asked.id} answers`);
    return answer(asked);
  }
}

/** A back office among stub neighbours, each on real HTTP. */
export async function startBackOffice() {
  const shop = new Neighbourhood();
  const inside = app('neighbours');
  const operations: readonly Endpoint[] = [
    ...catalogApi,
    ...inventoryApi,
    ...ordersApi,
    ...profilesApi,
  ];
  for (const endpoint of operations) {
    mount(inside.router, endpoint, async ({ params, query, body, ctx }) =>
      shop.reply({ id: endpoint.id, params, query, body, headers: { ...ctx.headers } }),
    );
  }
  const neighbours = await serve(inside.app);
  const client = (name: Neighbour) => breakable(shop, name, neighbours.url);
  const { app: office, router } = app('admin');
  mountAdmin(router, {
    neighbours: {
      catalog: client('catalog'),
      inventory: client('inventory'),
      orders: client('orders'),
      profiles: client('profiles'),
    },
    clock: systemClock,
  });
  const server = await serve(office);
  return {
    shop,
    url: server.url,
    /** Requests a page as an admin, unless told otherwise. */
    async get(path: string, headers = asPrincipal(adminId, 'admin')) {
      return page(await fetch(server.url + path, { headers, redirect: 'manual' }));
    },
    /** Submits a form. */
    async post(
      path: string,
      form: Record<string, string> | string,
      headers = asPrincipal(adminId, 'admin'),
    ) {
      const body = typeof form === 'string' ? form : new URLSearchParams(form).toString();
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      return page(
        await fetch(server.url + path, {
          method: 'POST',
          headers: { ...headers, ...type },
          body,
          redirect: 'manual',
        }),
      );
    },
    async close() {
      await server.close();
      await neighbours.close();
    },
  };
}

export type BackOffice = Awaited<ReturnType<typeof startBackOffice>>;

async function page(response: Response) {
  return { status: response.status, headers: response.headers, html: await response.text() };
}

function app(name: string) {
  return createApp({
    name,
    version: '1.0.0',
    requestTimeoutMs: 5_000,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics().http,
    draining: () => false,
    ...(name === 'admin' ? { renderProblem: renderAdminProblem } : {}),
  });
}

function breakable(shop: Neighbourhood, name: Neighbour, baseUrl: string): HttpClient {
  const metrics = createMetrics().client;
  const client = createHttpClient({ name, baseUrl, timeoutMs: 5_000, clock: systemClock, metrics });
  return {
    async call(endpoint, request, call) {
      if (shop.down.has(name)) throw new DependencyError({ dependency: name, failure: 'refused' });
      return client.call(endpoint, request, call);
    },
  };
}
