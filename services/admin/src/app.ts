import { mount } from '@faultline/chassis/endpoint';
import * as admin from '@faultline/contracts/admin';
import * as catalog from '@faultline/contracts/catalog';
import * as inventory from '@faultline/contracts/inventory';
import * as orders from '@faultline/contracts/orders';
import * as profiles from '@faultline/contracts/profiles';
import type Router from '@koa/router';
import type { Neighbours } from './neighbours.ts';
import { accountsPage, changeAccount } from './pages/accounts.ts';
import { dashboardPage } from './pages/dashboard.ts';
import { orderPage, ordersPage, refundOrder } from './pages/orders.ts';
import { archiveProduct, productPage, productsPage, saveProduct } from './pages/products.ts';
import { setStock, stockPage } from './pages/stock.ts';
import { page } from './view/page.ts';
import { serveStylesheet } from './view/stylesheet.ts';

/** The back office: an API whose operations belong to the services, and pages over the same calls. */
export function mountAdmin(router: Router, to: Neighbours): void {
  mountApi(router, to);
  mountPages(router, to);
}

function mountApi(router: Router, to: Neighbours): void {
  mount(router, admin.listProducts, ({ call, ...request }) =>
    to.catalog.call(catalog.adminListProducts, request, call),
  );
  mount(router, admin.createProduct, ({ call, ...request }) =>
    to.catalog.call(catalog.adminCreateProduct, request, call),
  );
  mount(router, admin.updateProduct, ({ call, ...request }) =>
    to.catalog.call(catalog.adminUpdateProduct, request, call),
  );
  mount(router, admin.archiveProduct, ({ call, ...request }) =>
    to.catalog.call(catalog.adminArchiveProduct, request, call),
  );
  mount(router, admin.listStock, ({ call, ...request }) =>
    to.inventory.call(inventory.listStock, request, call),
  );
  mount(router, admin.setStock, ({ call, ...request }) =>
    to.inventory.call(inventory.setStock, request, call),
  );
  mount(router, admin.listOrders, ({ call, ...request }) =>
    to.orders.call(orders.adminListOrders, request, call),
  );
  mount(router, admin.getOrder, ({ call, ...request }) =>
    to.orders.call(orders.adminGetOrder, request, call),
  );
  mount(router, admin.refundOrder, ({ call, ...request }) =>
    to.orders.call(orders.adminRefundOrder, request, call),
  );
  mount(router, admin.listAccounts, ({ call, ...request }) =>
    to.profiles.call(profiles.listAccounts, request, call),
  );
  mount(router, admin.updateAccount, ({ call, ...request }) =>
    to.profiles.call(profiles.updateAccount, request, call),
  );
}

function mountPages(router: Router, to: Neighbours): void {
  router.get('/admin/assets/admin.css', serveStylesheet);
  router.get('/admin', page(dashboardPage(to)));
  router.get('/admin/products', page(productsPage(to)));
  router.get('/admin/products/:id', page(productPage(to)));
  router.post('/admin/products/:id', page(saveProduct(to)));
  router.post('/admin/products/:id/archive', page(archiveProduct(to)));
  router.get('/admin/stock', page(stockPage(to)));
  router.post('/admin/stock/:id', page(setStock(to)));
  router.get('/admin/orders', page(ordersPage(to)));
  router.get('/admin/orders/:id', page(orderPage(to)));
  router.post('/admin/orders/:id/refund', page(refundOrder(to)));
  router.get('/admin/accounts', page(accountsPage(to)));
  router.post('/admin/accounts/:id', page(changeAccount(to)));
}
