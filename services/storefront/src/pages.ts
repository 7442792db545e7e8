import { pagePaths } from '@faultline/contracts/storefront';

/** The services that pages are made from. */
export type Neighbour = 'catalog' | 'inventory' | 'orders' | 'profiles';

/** What a page does with a neighbour, and without it. */
export type Reliance = {
  /** How long the page waits for the neighbour's answer. */
  readonly budgetMs: number;
  /** Without a needed neighbour the page is a 503; without another it lacks a part. */
  readonly needed: boolean;
  /** What visitors read when the neighbour does not answer; empty when they miss nothing. */
  readonly whenDown: string;
};

type Page = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Visitors who are not signed in are sent to sign in first. */
  readonly signedIn: boolean;
  readonly asks: Readonly<Partial<Record<Neighbour, Reliance>>>;
};

const accounts = {
  budgetMs: 5_000,
  needed: true,
  whenDown: 'Your account cannot be reached right now. Nothing was changed.',
} as const;

const yourOrders = {
  budgetMs: 3_000,
  needed: true,
  whenDown: 'Your orders cannot be shown right now. They are safe; please look again in a moment.',
} as const;

const listing = {
  budgetMs: 3_000,
  needed: false,
  whenDown: 'The catalogue is not answering right now. What you see may be out of date.',
} as const;

const knownPrices = {
  budgetMs: 2_000,
  needed: false,
  whenDown: 'Prices cannot be checked right now. You see the last ones we know.',
} as const;

const signingIn = {
  budgetMs: 5_000,
  needed: false,
  whenDown: 'Signing in is not possible right now. Please try again in a moment.',
} as const;

/** Every page and action: where it is, whom it asks, and what it shows when one does not answer. */
export const pages = {
  home: {
    method: 'GET',
    path: pagePaths.home,
    signedIn: false,
    asks: { catalog: listing, profiles: { budgetMs: 400, needed: false, whenDown: '' } },
  },
  category: {
    method: 'GET',
    path: pagePaths.category,
    signedIn: false,
    asks: { catalog: listing },
  },
  search: { method: 'GET', path: pagePaths.search, signedIn: false, asks: { catalog: listing } },
  product: {
    method: 'GET',
    path: pagePaths.product,
    signedIn: false,
    asks: {
      catalog: {
        budgetMs: 3_000,
        needed: true,
        whenDown: 'This product cannot be shown right now. Please try again in a moment.',
      },
      inventory: { budgetMs: 1_000, needed: false, whenDown: '' },
    },
  },
  basket: {
    method: 'GET',
    path: pagePaths.basket,
    signedIn: false,
    asks: { catalog: knownPrices, inventory: { budgetMs: 1_000, needed: false, whenDown: '' } },
  },
  addToBasket: { method: 'POST', path: pagePaths.basketItems, signedIn: false, asks: {} },
  changeBasket: { method: 'POST', path: pagePaths.basket, signedIn: false, asks: {} },
  checkout: {
    method: 'GET',
    path: pagePaths.checkout,
    signedIn: true,
    asks: {
      catalog: knownPrices,
      profiles: {
        budgetMs: 1_000,
        needed: false,
        whenDown: 'Your saved addresses cannot be read right now. You can type one instead.',
      },
    },
  },
  placeOrder: {
    method: 'POST',
    path: pagePaths.checkout,
    signedIn: true,
    asks: {
      catalog: { ...knownPrices, whenDown: '' },
      profiles: {
        budgetMs: 1_000,
        needed: false,
        whenDown: 'Your saved addresses cannot be read right now. You can type one instead.',
      },
      orders: {
        budgetMs: 8_000,
        needed: false,
        whenDown: '',
      },
    },
  },
  orders: { method: 'GET', path: pagePaths.orders, signedIn: true, asks: { orders: yourOrders } },
  order: { method: 'GET', path: pagePaths.order, signedIn: true, asks: { orders: yourOrders } },
  cancelOrder: {
    method: 'POST',
    path: pagePaths.cancelOrder,
    signedIn: true,
    asks: {
      orders: {
        budgetMs: 8_000,
        needed: true,
        whenDown:
          'We could not reach your order; it may not be cancelled. Look at it again in a moment.',
      },
    },
  },
  account: { method: 'GET', path: pagePaths.account, signedIn: true, asks: { profiles: accounts } },
  changeName: {
    method: 'POST',
    path: pagePaths.account,
    signedIn: true,
    asks: { profiles: accounts },
  },
  addAddress: {
    method: 'POST',
    path: pagePaths.addresses,
    signedIn: true,
    asks: { profiles: accounts },
  },
  removeAddress: {
    method: 'POST',
    path: pagePaths.removeAddress,
    signedIn: true,
    asks: { profiles: accounts },
  },
  signIn: { method: 'GET', path: pagePaths.signIn, signedIn: false, asks: {} },
  startSession: {
    method: 'POST',
    path: pagePaths.signIn,
    signedIn: false,
    asks: { profiles: signingIn },
  },
  signUp: { method: 'GET', path: pagePaths.signUp, signedIn: false, asks: {} },
  createAccount: {
    method: 'POST',
    path: pagePaths.signUp,
    signedIn: false,
    asks: {
      profiles: {
        budgetMs: 5_000,
        needed: false,
        whenDown: 'Accounts cannot be created right now. Please try again in a moment.',
      },
    },
  },
  signOut: {
    method: 'POST',
    path: pagePaths.signOut,
    signedIn: false,
    asks: { profiles: { budgetMs: 3_000, needed: false, whenDown: '' } },
  },
} as const satisfies Readonly<Record<string, Page>>;

type Pages = typeof pages;
export type PageName = keyof Pages;

type Asks<P extends PageName> = Pages[P]['asks'];

type Asked<P extends PageName, Needed extends boolean> = {
  [N in keyof Asks<P>]: Asks<P>[N] extends { readonly needed: Needed } ? N : never;
}[keyof Asks<P>] &
  Neighbour;

/** The neighbours a page cannot do without. */
export type NeededBy<P extends PageName> = Asked<P, true>;

/** The neighbours a page can do without. */
export type WantedBy<P extends PageName> = Asked<P, false>;

/** The plan of a page, by name. */
export function planOf(page: PageName): Page {
  return pages[page];
}
