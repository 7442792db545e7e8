import { adminApi } from './admin.ts';
import { catalogApi } from './catalog.ts';
import { gatewayApi } from './gateway.ts';
import { imagesApi } from './images.ts';
import { inventoryApi } from './inventory.ts';
import { notificationsApi } from './notifications.ts';
import { ordersApi } from './orders.ts';
import { paymentsApi } from './payments.ts';
import { profilesApi } from './profiles.ts';
import { pagePaths } from './storefront.ts';

/** Every service's operations. Those under `/api` are the public API, the rest stays inside. */
export const apis = {
  gateway: gatewayApi,
  catalog: catalogApi,
  inventory: inventoryApi,
  orders: ordersApi,
  payments: paymentsApi,
  profiles: profilesApi,
  images: imagesApi,
  notifications: notificationsApi,
  admin: adminApi,
} as const;

/**
 * Pages and files at the edge, by path prefix; the longest prefix wins. `role` guards the whole
 * prefix; `paths` are those that metrics tell apart.
 */
export const edgePages = [
  { prefix: '/', service: 'storefront', role: null, paths: Object.values(pagePaths) },
  { prefix: '/admin', service: 'admin', role: 'admin', paths: [] },
  { prefix: '/mailbox', service: 'notifications', role: 'admin', paths: [] },
  { prefix: '/media', service: 'images', role: null, paths: [] },
] as const;
