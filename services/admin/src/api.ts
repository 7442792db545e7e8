import { type Endpoint, mount } from '@faultline/chassis/endpoint';
import * as admin from '@faultline/contracts/admin';
import * as catalog from '@faultline/contracts/catalog';
import * as inventory from '@faultline/contracts/inventory';
import * as orders from '@faultline/contracts/orders';
import * as profiles from '@faultline/contracts/profiles';
import type Router from '@koa/router';
import type { AdminDeps, Neighbour } from './neighbours.ts';
import { acceptedInput } from './refused-input.ts';

/** Each operation of the back office, whose it is, and which of theirs. */
const operations: readonly [own: Endpoint, neighbour: Neighbour, theirs: Endpoint][] = [
  [admin.listProducts, 'catalog', catalog.adminListProducts],
  [admin.getProduct, 'catalog', catalog.adminReadProduct],
  [admin.createProduct, 'catalog', catalog.adminCreateProduct],
  [admin.updateProduct, 'catalog', catalog.adminUpdateProduct],
  [admin.archiveProduct, 'catalog', catalog.adminArchiveProduct],
  [admin.listStock, 'inventory', inventory.listStock],
  [admin.getStock, 'inventory', inventory.readStock],
  [admin.setStock, 'inventory', inventory.setStock],
  [admin.listOrders, 'orders', orders.adminListOrders],
  [admin.getOrder, 'orders', orders.adminGetOrder],
  [admin.refundOrder, 'orders', orders.adminRefundOrder],
  [admin.listAccounts, 'profiles', profiles.listAccounts],
  [admin.updateAccount, 'profiles', profiles.updateAccount],
];

/** Serves the API: what a service answers is the answer. */
export function mountApi(router: Router, { neighbours }: AdminDeps): void {
  for (const [own, neighbour, theirs] of operations) {
    mount(router, own, async ({ params, query, body, call, ctx }) => {
      const asked = neighbours[neighbour].call(theirs, { params, query, body }, call);
      const { status, body: told } = await acceptedInput(asked);
      // Their headers belong to their connection, and their path to the inside of the shop.
      const instance = ctx.path;
      return { status, body: status < 400 ? told : Object.assign({}, told, { instance }) };
    });
  }
}
