import type Router from '@koa/router';
import { mountApi } from './api.ts';
import type { AdminDeps } from './neighbours.ts';
import { accountsPage, changeAccount } from './pages/accounts.ts';
import { orderPage, refundOrder } from './pages/order.ts';
import { ordersPage } from './pages/orders.ts';
import { overviewPage } from './pages/overview.ts';
import { archiveProduct, productPage, saveProduct, setProductStock } from './pages/product.ts';
import { productsPage } from './pages/products.ts';
import { setStock, stockPage } from './pages/stock.ts';
import { serveStylesheet } from './view/stylesheet.ts';
import { pageMounter } from './visit.ts';

/** The back office: an API whose operations belong to the services, and pages over the same calls. */
export function mountAdmin(router: Router, deps: AdminDeps): void {
  mountApi(router, deps);
  const mountPage = pageMounter(router, deps);
  mountPage('overview', overviewPage);
  mountPage('products', productsPage);
  mountPage('product', productPage);
  mountPage('saveProduct', saveProduct);
  mountPage('archiveProduct', archiveProduct);
  mountPage('setProductStock', setProductStock);
  mountPage('stock', stockPage);
  mountPage('setStock', setStock);
  mountPage('orders', ordersPage);
  mountPage('order', orderPage);
  mountPage('refundOrder', refundOrder);
  mountPage('accounts', accountsPage);
  mountPage('changeAccount', changeAccount);
  router.get('/admin/assets/admin.css', serveStylesheet);
}
