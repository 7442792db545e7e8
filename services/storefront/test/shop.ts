import { fileURLToPath } from 'node:url';
import { createApp } from '@faultline/chassis/app';
import { type Clock, systemClock } from '@faultline/chassis/clock';
import { createForwarder } from '@faultline/chassis/forward';
import { createHttpClient } from '@faultline/chassis/http-client';
import { createMetrics } from '@faultline/chassis/metrics';
import { asPrincipal, serve } from '@faultline/chassis/testing/app';
import { silentLog } from '@faultline/chassis/testing/log';
import { createStorefront } from '../src/app.ts';
import { Assets } from '../src/assets.ts';
import { EventStreams } from '../src/routes/order-events.ts';
import { startNeighbours, World } from './neighbours.ts';
import { accountId } from './sample.ts';

export type Answer = {
  status: number;
  text: string;
  headers: Headers;
  location: string | null;
  cookies: string[];
};

type Sent = {
  signedIn?: boolean;
  role?: string;
  cookie?: string;
  headers?: Record<string, string>;
};

/** A storefront that talks to neighbours made of `world`, and a plain client for it. */
export type Shop = {
  world: World;
  url: string;
  streams: EventStreams;
  get(path: string, sent?: Sent): Promise<Answer>;
  post(path: string, fields: Record<string, string> | string, sent?: Sent): Promise<Answer>;
  close(): Promise<void>;
};

/** Starts it. `clock` is what the storefront takes for now. */
export async function openShop(options: { clock?: Clock; assets?: string[] } = {}): Promise<Shop> {
  const world = new World();
  const neighbours = await startNeighbours(world);
  const clock = options.clock ?? systemClock;
  const metrics = createMetrics();
  const streams = new EventStreams();
  const client = (name: keyof typeof neighbours.urls) =>
    createHttpClient({
      name,
      baseUrl: neighbours.urls[name],
      timeoutMs: 15_000,
      clock: systemClock,
      metrics: metrics.client,
    });
  const storefront = createStorefront({
    neighbours: {
      catalog: client('catalog'),
      inventory: client('inventory'),
      orders: client('orders'),
      profiles: client('profiles'),
    },
    orderStream: createForwarder({
      name: 'orders',
      baseUrl: neighbours.urls.orders,
      clock: systemClock,
      metrics: metrics.client,
      proxyEnv: {},
    }),
    streams,
    assets: await Assets.load(
      (options.assets ?? ['../public']).map((dir) => fileURLToPath(new URL(dir, import.meta.url))),
    ),
    clock: { ...systemClock, now: () => clock.now() },
    secureCookies: false,
  });
  const { app, router } = createApp({
    name: 'storefront',
    version: '0.0.0',
    requestTimeoutMs: 15_000,
    clock: systemClock,
    log: silentLog,
    metrics: metrics.http,
    draining: () => false,
    renderProblem: storefront.renderProblem,
  });
  storefront.mount(router);
  const server = await serve(app);
  const send = async (path: string, init: RequestInit, sent: Sent = {}): Promise<Answer> => {
    const { signedIn = sent.role !== undefined, role, cookie, headers } = sent;
    const reply = await fetch(`${server.url}${path}`, {
      redirect: 'manual',
      ...init,
      headers: {
        ...(signedIn ? asPrincipal(accountId, role) : {}),
        ...(cookie ? { cookie } : {}),
        ...headers,
      },
    });
    return {
      status: reply.status,
      text: await reply.text(),
      headers: reply.headers,
      location: reply.headers.get('location'),
      cookies: reply.headers.getSetCookie(),
    };
  };
  return {
    world,
    url: server.url,
    streams,
    get: async (path, sent) => await send(path, {}, sent),
    post: async (path, fields, sent) =>
      await send(path, { method: 'POST', body: new URLSearchParams(fields) }, sent),
    async close() {
      await server.close();
      await neighbours.close();
    },
  };
}
