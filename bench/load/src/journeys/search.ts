import { searchProducts } from '@faultline/contracts/catalog';
import { getProduct } from '@faultline/contracts/gateway';
import { pick } from '../chance.ts';
import { isPage } from '../pages.ts';
import type { Journey } from './journey.ts';

/** Looks for something by a word, on the page and by the API, and has a look at what it finds. */
export const search: Journey = {
  name: 'search',
  weight: 25,
  requests: 3,
  async make({ steps, random, goods }) {
    const { word } = pick(random, goods);
    await steps.get('search page', `/search?q=${encodeURIComponent(word)}`, { judge: isPage });
    const found = await steps.call(
      searchProducts,
      { query: { q: word, limit: '12' } },
      {
        expect: [200],
        judge: ({ body }) =>
          body.items.length > 0 && body.total >= body.items.length
            ? {}
            : { failure: `expected products for '${word}', got ${body.items.length}` },
      },
    );
    const { id } = pick(random, found.body.items);
    await steps.call(getProduct, { params: { id } }, { expect: [200], judge: isProduct(id) });
  },
};

/** Judges a product's page of the API: it is that product, it costs something, nothing is missing. */
export function isProduct(id: string) {
  return (reply: { body: { id?: unknown; price?: unknown; degraded?: unknown } }) => {
    const { body } = reply;
    if (body.id !== id) return { failure: `asked for product ${id}, got ${String(body.id)}` };
    return { degraded: Array.isArray(body.degraded) && body.degraded.length > 0 };
  };
}
