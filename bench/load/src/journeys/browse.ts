import { pick } from '../chance.ts';
import { isPage, showsPage } from '../pages.ts';
import type { Journey } from './journey.ts';

/** Strolls from the home page to a product and its picture, as browsers do. */
export const browse: Journey = {
  name: 'browse',
  weight: 40,
  requests: 4,
  async make({ steps, random, goods }) {
    const good = pick(random, goods);
    await steps.get('home page', '/', { judge: isPage });
    await steps.get('category page', `/categories/${good.category}`, { judge: isPage });
    await steps.get('product page', `/products/${good.slug}`, { judge: showsPage(good.name) });
    const [picture] = good.pictures;
    if (picture === undefined) return;
    await steps.get('picture', picture, {
      judge: ({ headers, body }) =>
        String(headers['content-type']).startsWith('image/') && body.length > 0
          ? {}
          : { failure: `expected a picture, got ${body.length} bytes` },
    });
  },
};
