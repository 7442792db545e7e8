/** Where the shop's pages and forms are: served by the storefront, named by the gateway's metrics. */
export const pagePaths = {
  home: '/',
  category: '/categories/:slug',
  search: '/search',
  product: '/products/:slug',
  basket: '/basket',
  basketItems: '/basket/items',
  checkout: '/checkout',
  orders: '/orders',
  order: '/orders/:id',
  cancelOrder: '/orders/:id/cancel',
  account: '/account',
  addresses: '/account/addresses',
  removeAddress: '/account/addresses/:id/delete',
  signIn: '/sign-in',
  signUp: '/sign-up',
  signOut: '/sign-out',
} as const;
