import { ProblemError } from '@faultline/chassis/errors';
import { slug as slugSchema } from '@faultline/contracts/catalog';
import { formatName } from '../format.ts';
import { questionOf, wishOf } from '../listing.ts';
import type { Memory } from '../memory.ts';
import { categories, search } from '../search.ts';
import type { PageHandler } from '../shell.ts';
import { listing } from '../views/listing.ts';

/** Products by words, category and attributes. */
export function searchPage({ memory }: { memory: Memory }): PageHandler<'search'> {
  return async (visit) => {
    const wish = wishOf('/search', visit.query);
    const [found, known = []] = await Promise.all([
      search(visit, questionOf(wish), memory),
      categories(visit, memory),
    ]);
    const heading = wish.q ? `Results for “${wish.q}”` : 'All products';
    return {
      title: heading,
      body: listing({ heading, wish, found, categories: known }),
      status: found ? 200 : 503,
      script: 'listing.js',
    };
  };
}

/** The products of one category. */
export function categoryPage({ memory }: { memory: Memory }): PageHandler<'category'> {
  return async (visit) => {
    const slug = visit.param('slug');
    if (!slugSchema.safeParse(slug).success) throw noSuchCategory();
    const wish = { ...wishOf(`/categories/${slug}`, visit.query), q: '', category: '' };
    const [found, known] = await Promise.all([
      search(visit, questionOf({ ...wish, category: slug }), memory),
      categories(visit, memory),
    ]);
    const category = known?.find((candidate) => candidate.slug === slug);
    // Of a category that nobody has heard of while the catalog is silent, nothing is known.
    if (!category && known && found) throw noSuchCategory();
    const heading = category?.name ?? formatName(slug);
    return {
      title: heading,
      body: listing({ heading, wish, found, categories: [] }),
      status: found ? 200 : 503,
      script: 'listing.js',
    };
  };
}

function noSuchCategory(): ProblemError {
  return new ProblemError('not_found', 'There is no such category.');
}
