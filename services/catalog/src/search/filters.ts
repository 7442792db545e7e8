import type { SearchQuery } from '@faultline/contracts/catalog';
import type { Parameters } from '../database.ts';
import { wordsQuery } from './words.ts';

/** What a search asks for, whatever the page. */
export type Criteria = {
  q: string;
  category: string | undefined;
  sort: SearchQuery['sort'];
  /** Attribute names, each with the values of which one must match; sorted. */
  filters: readonly (readonly [name: string, values: readonly string[]])[];
};

/** The criteria of a query, in one form for all ways to write it. */
export function criteriaOf(query: SearchQuery): Criteria {
  const filters = Object.entries(query).flatMap(([name, value]) => {
    if (!name.startsWith('attr.') || value === undefined) return [];
    const values = Array.isArray(value) ? value : [String(value)];
    return [[name.slice('attr.'.length), [...new Set(values)].toSorted()] as const];
  });
  return {
    q: query.q ?? '',
    category: query.category,
    sort: query.sort,
    filters: filters.toSorted(([a], [b]) => (a < b ? -1 : 1)),
  };
}

/** SQL for the products that match, and for how well each does. */
export function matching(
  criteria: Criteria,
  parameters: Parameters,
): { where: string; rank: string } {
  const conditions = ["p.status = 'active'"];
  let rank = '0::numeric';
  if (criteria.q !== '') {
    const words = wordsQuery(criteria.q, parameters);
    const typed = parameters.add(criteria.q.toLowerCase());
    // Signs and stop words alone make an empty query: then the text is looked for as it stands.
    conditions.push(`(p.search @@ ${words}
      OR (numnode(${words}) = 0 AND strpos(lower(p.name), ${typed}) > 0))`);
    rank = `round(ts_rank(p.search, ${words})::numeric, 6)`;
  }
  if (criteria.category) conditions.push(`p.category = ${parameters.add(criteria.category)}`);
  for (const [name, values] of criteria.filters) {
    const alternatives = values.flatMap((value) => documentsWith(name, value));
    const tests = alternatives.map(
      (part) => `p.doc -> 'attributes' @> ${parameters.add(JSON.stringify(part))}::jsonb`,
    );
    conditions.push(`(${tests.join(' OR ')})`);
  }
  return { where: conditions.join(' AND '), rank };
}

/** The attributes a value may stand for: text, a member of a list, a number, yes or no. */
function documentsWith(name: string, value: string): Record<string, unknown>[] {
  const forms: unknown[] = [value, [value]];
  if (/^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$/.test(value)) forms.push(Number(value));
  if (value === 'true' || value === 'false') forms.push(value === 'true');
  return forms.map((form) => ({ [name]: form }));
}
