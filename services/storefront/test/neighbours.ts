import { PassThrough } from 'node:stream';
import { createApp } from '@faultline/chassis/app';
import { systemClock } from '@faultline/chassis/clock';
import { mount } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { createMetrics } from '@faultline/chassis/metrics';
import { serve, type TestServer } from '@faultline/chassis/testing/app';
import { silentLog } from '@faultline/chassis/testing/log';
import * as catalog from '@faultline/contracts/catalog';
import { getAvailability } from '@faultline/contracts/inventory';
import * as orders from '@faultline/contracts/orders';
import * as profiles from '@faultline/contracts/profiles';
import type { Context, Next } from 'koa';
import type Router from '@koa/router';
import type { Neighbour } from '../src/pages.ts';
import * as sample from './sample.ts';

/** `down`: the mesh finds nobody. `broken`: it fails. `silent`: it never answers. */
export type Trouble = 'down' | 'broken' | 'silent';

type Placing = { key: string; body: orders.OrderDraft };
type PlaceReply = { status: 201 | 202; body: orders.Order };

/** What the neighbours hold and were asked; tests change it as they like. */
export class World {
  trouble = new Map<Neighbour, Trouble>();
  products = [sample.kettle, sample.pan, sample.lamp];
  categories = [...sample.categories];
  facets = [...sample.facets];
  nextCursor: string | null = null;
  available = new Map([[sample.kettle.id, 12]]);
  orders = [sample.order()];
  addresses = [sample.address];
  account = { ...sample.account };
  searches: catalog.SearchQuery[] = [];
  placed: Placing[] = [];
  principals: (string | undefined)[] = [];
  place: (placing: Placing) => Promise<PlaceReply> = async () => ({
    status: 201,
    body: sample.order(),
  });
  cancel: () => orders.Order = () => sample.order({ status: 'cancelling' });
  createAccount: () => profiles.Account = () => this.account;
  createSession: () => void = () => undefined;
  events: orders.Order[] = [];
  /** Event streams stay open. */
  endless = false;
}

export type NeighbourServers = { urls: Record<Neighbour, string>; close(): Promise<void> };

/** Serves the four neighbours by their contracts, out of `world`. */
export async function startNeighbours(world: World): Promise<NeighbourServers> {
  const mounts: Record<Neighbour, (router: Router, world: World) => void> = {
    catalog: mountCatalog,
    inventory: mountInventory,
    orders: mountOrders,
    profiles: mountProfiles,
  };
  const start = async (name: Neighbour) => await startOne(name, world, mounts[name]);
  const servers = {
    catalog: await start('catalog'),
    inventory: await start('inventory'),
    orders: await start('orders'),
    profiles: await start('profiles'),
  };
  return {
    urls: {
      catalog: servers.catalog.url,
      inventory: servers.inventory.url,
      orders: servers.orders.url,
      profiles: servers.profiles.url,
    },
    async close() {
      await Promise.all(Object.values(servers).map((server) => server.close()));
    },
  };
}

async function startOne(
  name: Neighbour,
  world: World,
  mountAll: (router: Router, world: World) => void,
): Promise<TestServer> {
  const { app, router } = createApp({
    name,
    version: '0.0.0',
    requestTimeoutMs: 30_000,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics().http,
    draining: () => false,
  });
  router.use(async (ctx: Context, next: Next) => {
    const trouble = world.trouble.get(name);
    if (trouble === 'silent') {
      await new Promise((resolve) => ctx.res.once('close', resolve));
      ctx.respond = false;
      return;
    }
    if (trouble === 'down') {
      ctx.status = 503;
      ctx.body = null;
      ctx.status = 503;
      return;
    }
    if (trouble === 'broken') throw new ProblemError('internal', 'boom');
    await next();
  });
  mountAll(router, world);
  return await serve(app);
}

function mountCatalog(router: Router, world: World): void {
  mount(router, catalog.searchProducts, async ({ query }) => {
    world.searches.push(query);
    if (query.cursor === 'worn') throw new ProblemError('invalid_request', 'The cursor is worn.');
    const items = world.products.filter(({ name, category }) => {
      const fits = !query.category || query.category === category;
      return fits && name.toLowerCase().includes((query.q ?? '').toLowerCase());
    });
    const next_cursor = world.nextCursor;
    return { status: 200, body: { items, next_cursor, total: items.length, facets: world.facets } };
  });
  mount(router, catalog.listCategories, async () => ({
    status: 200,
    body: { items: world.categories },
  }));
  mount(router, catalog.readProduct, async ({ params }) => {
    const body = world.products.find(({ id, slug }) => id === params.id || slug === params.id);
    if (!body) throw new ProblemError('not_found', 'There is no such product.');
    return { status: 200, body };
  });
  mount(router, catalog.quoteProducts, async ({ body }) => {
    const items = world.products
      .filter(({ id }) => body.product_ids.includes(id))
      .map(({ id, slug, name, price, images }) => ({ product_id: id, slug, name, price, images }));
    return { status: 200, body: { items } };
  });
}

function mountInventory(router: Router, world: World): void {
  mount(router, getAvailability, async ({ body }) => ({
    status: 200,
    body: {
      items: body.product_ids.map((product_id) => ({
        product_id,
        available: world.available.get(product_id) ?? 0,
      })),
    },
  }));
}

function mountOrders(router: Router, world: World): void {
  mount(router, orders.placeOrder, async ({ headers, body, call }) => {
    world.principals.push(call.principal?.id);
    const placing = { key: headers['idempotency-key'], body };
    world.placed.push(placing);
    return await world.place(placing);
  });
  mount(router, orders.listOrders, async () => ({
    status: 200,
    body: { items: world.orders, next_cursor: world.nextCursor },
  }));
  mount(router, orders.getOrder, async ({ params }) => {
    const body = world.orders.find(({ id }) => id === params.id);
    if (!body) throw new ProblemError('not_found', 'There is no such order.');
    return { status: 200, body };
  });
  mount(router, orders.cancelOrder, async () => ({ status: 202, body: world.cancel() }));
  mount(router, orders.watchOrder, async ({ ctx, params, call }) => {
    world.principals.push(call.principal?.id);
    if (!world.orders.some(({ id }) => id === params.id)) {
      throw new ProblemError('not_found', 'There is no such order.');
    }
    ctx.type = 'text/event-stream';
    const events = new PassThrough();
    events.write(': hello\n\n');
    for (const order of world.events)
      events.write(`event: order\ndata: ${JSON.stringify(order)}\n\n`);
    if (!world.endless) events.end();
    return { status: 200, body: events };
  });
}

function mountProfiles(router: Router, world: World): void {
  mount(router, profiles.getMe, async () => ({ status: 200, body: world.account }));
  mount(router, profiles.updateMe, async ({ body }) => {
    world.account = { ...world.account, name: body.name };
    return { status: 200, body: world.account };
  });
  mount(router, profiles.listAddresses, async () => ({
    status: 200,
    body: { items: world.addresses },
  }));
  mount(router, profiles.addAddress, async ({ body }) => {
    const address = { ...body, id: sample.order().id };
    world.addresses.push(address);
    return { status: 201, body: address };
  });
  mount(router, profiles.deleteAddress, async ({ params }) => {
    world.addresses = world.addresses.filter(({ id }) => id !== params.id);
    return { status: 204 };
  });
  mount(router, profiles.createAccount, async () => ({ status: 201, body: world.createAccount() }));
  mount(router, profiles.createSession, async ({ body }) => {
    world.createSession();
    return {
      status: 201,
      headers: { 'Set-Cookie': ['faultline_access=a; Path=/', 'faultline_refresh=r; Path=/'] },
      body: {
        access_token: `for ${body.email}`,
        token_type: 'Bearer',
        expires_in: 300,
        account: world.account,
      },
    };
  });
  mount(router, profiles.deleteSession, async ({ headers }) => ({
    status: 204,
    headers: { 'Set-Cookie': [`faultline_refresh=; Max-Age=0; Path=/; was=${headers.cookie}`] },
  }));
}
