import { parsePart } from '@faultline/chassis/endpoint';
import { searchQuery, type SearchQuery } from '@faultline/contracts/catalog';

const ATTRIBUTE_PREFIX = 'attr.';
const OWN_PARAMETERS = ['q', 'category', 'sort', 'cursor'] as const;

/** A filter that is on: an attribute and the values that will do. */
export type Filter = { readonly name: string; readonly values: readonly string[] };

/** What somebody looks for, as the address of a listing says it. */
export type Wish = {
  readonly path: string;
  readonly q: string;
  readonly category: string;
  readonly sort: string;
  readonly cursor: string;
  readonly filters: readonly Filter[];
};

/** Reads the address of a listing, without parameters of others such as a campaign's. */
export function wishOf(path: string, query: URLSearchParams): Wish {
  const [q, category, sort, cursor] = OWN_PARAMETERS.map((name) => query.get(name)?.trim() ?? '');
  const names = new Set([...query.keys()].filter((name) => name.startsWith(ATTRIBUTE_PREFIX)));
  const filters = [...names]
    .map((name) => ({
      name: name.slice(ATTRIBUTE_PREFIX.length),
      values: [...new Set(query.getAll(name))].filter(Boolean),
    }))
    .filter(({ values }) => values.length > 0);
  return {
    path,
    q: q ?? '',
    category: category ?? '',
    sort: sort ?? '',
    cursor: cursor ?? '',
    filters,
  };
}

/** The address of a listing. */
export function addressOf(wish: Wish): string {
  const query = parametersOf(wish).toString();
  return query ? `${wish.path}?${query}` : wish.path;
}

/** The wish with one value of an attribute no longer asked for. */
export function without(wish: Wish, name: string, value: string): Wish {
  const filters = wish.filters
    .map((filter) =>
      filter.name === name
        ? { name, values: filter.values.filter((candidate) => candidate !== value) }
        : filter,
    )
    .filter(({ values }) => values.length > 0);
  return { ...wish, cursor: '', filters };
}

function parametersOf({ q, category, sort, cursor, filters }: Wish): URLSearchParams {
  const own = Object.entries({ q, category, sort, cursor }).filter(([, value]) => value !== '');
  const attributes = filters.flatMap(({ name, values }) =>
    values.map((value) => [`${ATTRIBUTE_PREFIX}${name}`, value]),
  );
  return new URLSearchParams([...own, ...attributes]);
}

/**
 * The catalog's question for a wish.
 * @throws ProblemError 400 for an order, a category or an attribute that cannot be.
 */
export function questionOf(wish: Wish): SearchQuery {
  const parameters = parametersOf(wish);
  const query = Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
  return searchQuery.parse(parsePart(searchQuery, 'query', query));
}
