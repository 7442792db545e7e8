import type { Neighbour } from './neighbours.ts';

/** What a page does with a neighbour, and without it. */
export type Reliance = {
  /** Without a needed neighbour the page is a 503 with the notice; without another it lacks a part. */
  readonly needed: boolean;
  /** How long the page waits for the neighbour's answer. */
  readonly budgetMs: number;
  /** What is shown when the neighbour does not answer. */
  readonly notice: string;
};

type Asks = Readonly<Partial<Record<Neighbour, Reliance>>>;
type Page = { readonly method: 'GET' | 'POST'; readonly path: string; readonly asks: Asks };

const get = (path: string, asks: Asks): Page => ({ method: 'GET', path, asks });
const post = (path: string, asks: Asks): Page => ({ method: 'POST', path, asks });
const needed = (notice: string): Reliance => ({ needed: true, budgetMs: 5_000, notice });
const wanted = (notice: string): Reliance => ({ needed: false, budgetMs: 1_500, notice });

const names = wanted('The catalog does not answer: products are shown by their ids.');
const email = wanted('The service profiles does not answer: the account is shown by its id.');
const unsure = (what: string, then: string) =>
  `The service did not answer, so the ${what} may or may not have happened. ${then}`;
const stockChange = needed(
  unsure('change of the stock', 'Look at the stock before you set it again.'),
);

/** Every page and action: where it is, whom it asks, and what it shows when one does not answer. */
export const pages = {
  overview: get('/admin', {
    orders: wanted('The service orders does not answer: the newest orders are missing.'),
    inventory: wanted('The inventory does not answer: what is running out is missing.'),
    catalog: names,
  }),
  products: get('/admin/products', {
    catalog: needed('The catalog does not answer, so products cannot be shown.'),
  }),
  product: get('/admin/products/:id', {
    catalog: needed('The catalog does not answer, so this product cannot be shown.'),
    inventory: wanted('The inventory does not answer: the stock is missing.'),
  }),
  saveProduct: post('/admin/products/:id', {
    catalog: {
      needed: false,
      budgetMs: 5_000,
      notice: unsure('saving', 'What you typed is kept; saving it again does it only once.'),
    },
  }),
  archiveProduct: post('/admin/products/:id/archive', {
    catalog: needed(unsure('archiving', 'Archiving again does no harm.')),
  }),
  setProductStock: post('/admin/products/:id/stock', {
    inventory: stockChange,
    catalog: needed('The catalog does not answer. The stock was not changed.'),
  }),
  stock: get('/admin/stock', {
    inventory: needed('The inventory does not answer, so the stock cannot be shown.'),
    catalog: names,
  }),
  setStock: post('/admin/stock/:id', { inventory: stockChange, catalog: names }),
  orders: get('/admin/orders', {
    orders: needed('The service orders does not answer, so orders cannot be shown.'),
  }),
  order: get('/admin/orders/:id', {
    orders: needed('The service orders does not answer, so this order cannot be shown.'),
    profiles: email,
  }),
  refundOrder: post('/admin/orders/:id/refund', {
    orders: needed(unsure('refund', 'Look at the order; asking again refunds it only once.')),
    profiles: email,
  }),
  accounts: get('/admin/accounts', {
    profiles: needed('The service profiles does not answer, so accounts cannot be shown.'),
  }),
  changeAccount: post('/admin/accounts/:id', {
    profiles: needed(unsure('change', 'Look at the account; changing it again does no harm.')),
  }),
} as const;

export type PageName = keyof typeof pages;
