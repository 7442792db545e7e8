import type { Clock } from '@faultline/chassis/clock';
import type { ProblemError } from '@faultline/chassis/errors';
import type { Forwarder } from '@faultline/chassis/forward';
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Assets } from './assets.ts';
import { createMemory } from './memory.ts';
import { accountPage, addAddressAction, changeName, removeAddress } from './routes/account.ts';
import { addItem, basketPage, changeBasket } from './routes/basket.ts';
import { checkoutPage, placeOrderAction } from './routes/checkout.ts';
import { home } from './routes/home.ts';
import { categoryPage, searchPage } from './routes/listing.ts';
import { type EventStreams, orderEvents, orderEventsPath } from './routes/order-events.ts';
import { cancelAction, orderPage, ordersPage } from './routes/orders.ts';
import { productPage } from './routes/product.ts';
import {
  createAccountAction,
  signInPage,
  signOut,
  signUpPage,
  startSession,
} from './routes/sign-in.ts';
import { pageMounter, Shell } from './shell.ts';
import type { Neighbours } from './visit.ts';

export type StorefrontDeps = {
  neighbours: Neighbours;
  /** Where order events are streamed from. */
  orderStream: Forwarder;
  streams: EventStreams;
  assets: Assets;
  clock: Clock;
  secureCookies: boolean;
};

/** The storefront's pages, as a function of its neighbours. */
export type Storefront = {
  mount(router: Router): void;
  /** For `createApp`: shows problems of pages as pages; programs get problem details. */
  renderProblem(ctx: Context, problem: ProblemError): boolean;
};

export function createStorefront(deps: StorefrontDeps): Storefront {
  const { neighbours, clock, assets, secureCookies } = deps;
  const memory = createMemory(clock);
  const shell = new Shell({ assets, memory, secureCookies });
  return {
    mount(router) {
      const page = pageMounter(router, { shell, neighbours, clock });
      page('home', home({ memory }));
      page('category', categoryPage({ memory }));
      page('search', searchPage({ memory }));
      page('product', productPage({ memory }));
      page('basket', basketPage({ memory }));
      page('addToBasket', addItem);
      page('changeBasket', changeBasket);
      page('checkout', checkoutPage({ memory, clock }));
      page('placeOrder', placeOrderAction({ memory, clock }));
      page('orders', ordersPage);
      page('order', orderPage);
      page('cancelOrder', cancelAction);
      page('account', accountPage);
      page('changeName', changeName);
      page('addAddress', addAddressAction);
      page('removeAddress', removeAddress);
      page('signIn', signInPage);
      page('startSession', startSession);
      page('signUp', signUpPage);
      page('createAccount', createAccountAction);
      page('signOut', signOut);
      router.get(orderEventsPath, orderEvents({ orders: deps.orderStream, streams: deps.streams }));
      router.get('/assets/:name', (ctx) => assets.send(ctx, ctx.params['name'] ?? ''));
    },
    renderProblem(ctx, problem) {
      if (/^\/(assets|orders\/[^/]+\/events)(\/|$)/.test(ctx.path)) return false;
      shell.problem(ctx, problem);
      return true;
    },
  };
}
