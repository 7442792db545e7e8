import type { Clock } from '@faultline/chassis/clock';
import type { Category, quoteProducts, SearchResult } from '@faultline/contracts/catalog';
import type { z } from 'zod';
import { LastGood } from './last-good.ts';

export type Quote = z.output<(typeof quoteProducts.replies)[200]>['items'][number];

/** What this process last heard from the catalog, bounded, for when the catalog is silent. */
export type Memory = {
  readonly listings: LastGood<SearchResult>;
  readonly categories: LastGood<readonly Category[]>;
  readonly quotes: LastGood<Quote>;
};

export function createMemory(clock: Clock): Memory {
  return {
    listings: new LastGood({ clock, limit: 50 }),
    categories: new LastGood({ clock, limit: 1 }),
    quotes: new LastGood({ clock, limit: 500 }),
  };
}

/** There is one list of categories. */
export const allCategories = 'all';
