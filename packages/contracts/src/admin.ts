import * as catalog from './catalog.ts';
import * as inventory from './inventory.ts';
import * as orders from './orders.ts';
import * as profiles from './profiles.ts';

// The back office's API: what its pages use, for the role `admin`. Each operation is one of a
// service's own, at a path of the back office.

export const listProducts = {
  ...catalog.adminListProducts,
  id: 'adminListProducts',
  path: '/api/v1/admin/products',
} as const;

export const getProduct = {
  ...catalog.adminReadProduct,
  id: 'adminGetProduct',
  path: '/api/v1/admin/products/:id',
} as const;

export const createProduct = {
  ...catalog.adminCreateProduct,
  id: 'adminCreateProduct',
  path: '/api/v1/admin/products',
} as const;

export const updateProduct = {
  ...catalog.adminUpdateProduct,
  id: 'adminUpdateProduct',
  path: '/api/v1/admin/products/:id',
} as const;

export const archiveProduct = {
  ...catalog.adminArchiveProduct,
  id: 'adminArchiveProduct',
  path: '/api/v1/admin/products/:id',
} as const;

export const listStock = {
  ...inventory.listStock,
  id: 'adminListStock',
  path: '/api/v1/admin/stock',
} as const;

export const getStock = {
  ...inventory.readStock,
  id: 'adminGetStock',
  path: '/api/v1/admin/stock/:id',
} as const;

export const setStock = {
  ...inventory.setStock,
  id: 'adminSetStock',
  path: '/api/v1/admin/stock/:id',
} as const;

export const listOrders = {
  ...orders.adminListOrders,
  id: 'adminListOrders',
  path: '/api/v1/admin/orders',
} as const;

export const getOrder = {
  ...orders.adminGetOrder,
  id: 'adminGetOrder',
  path: '/api/v1/admin/orders/:id',
} as const;

export const refundOrder = {
  ...orders.adminRefundOrder,
  id: 'adminRefundOrder',
  path: '/api/v1/admin/orders/:id/refund',
} as const;

export const listAccounts = {
  ...profiles.listAccounts,
  id: 'adminListAccounts',
  path: '/api/v1/admin/accounts',
} as const;

export const updateAccount = {
  ...profiles.updateAccount,
  id: 'adminUpdateAccount',
  path: '/api/v1/admin/accounts/:id',
} as const;

export const adminApi = [
  listProducts,
  getProduct,
  createProduct,
  updateProduct,
  archiveProduct,
  listStock,
  getStock,
  setStock,
  listOrders,
  getOrder,
  refundOrder,
  listAccounts,
  updateAccount,
] as const;
