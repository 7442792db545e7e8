import type { Facet } from '@faultline/contracts/catalog';
import { Parameters, type Read } from '../database.ts';
import { type Criteria, matching } from './filters.ts';

const NAMES_MAX = 12;
const VALUES_MAX = 20;

/** How many products match, and which values their attributes have, the most common first. */
export async function summarise(
  read: Read,
  criteria: Criteria,
): Promise<{ total: number; facets: Facet[] }> {
  const parameters = new Parameters();
  const { where } = matching(criteria, parameters);
  const [summary] = await read<{ total: number; facets: Facet[] }>(
    `WITH matches AS MATERIALIZED (
       SELECT p.doc -> 'attributes' AS attributes FROM products p WHERE ${where}
     ), counted AS (
       SELECT a.key AS name, v.value, count(*) AS count
       FROM matches m, jsonb_each(m.attributes) a, LATERAL (
         SELECT a.value #>> '{}' WHERE jsonb_typeof(a.value) <> 'array' UNION ALL
         SELECT DISTINCT member FROM jsonb_array_elements_text(
           CASE jsonb_typeof(a.value) WHEN 'array' THEN a.value END) member
       ) v (value)
       GROUP BY a.key, v.value
     ), covered AS (
       SELECT name, count(*) AS coverage
       FROM matches m, jsonb_object_keys(m.attributes) name GROUP BY name
     ), names AS (
       SELECT name, coverage, count(*) AS variety FROM counted JOIN covered USING (name)
       GROUP BY name, coverage ORDER BY coverage DESC, variety, name LIMIT ${NAMES_MAX}
     ), placed AS (
       SELECT *, row_number() OVER (PARTITION BY name ORDER BY count DESC, value) AS place
       FROM names JOIN counted USING (name)
     ), facets AS (
       SELECT name, coverage, variety,
         jsonb_agg(jsonb_build_object('value', value, 'count', count) ORDER BY place) AS values
       FROM placed WHERE place <= ${VALUES_MAX} GROUP BY name, coverage, variety
     )
     SELECT (SELECT count(*) FROM matches)::int AS total, coalesce((
       SELECT jsonb_agg(jsonb_build_object('name', name, 'values', values)
         ORDER BY coverage DESC, variety, name) FROM facets), '[]') AS facets`,
    parameters.values,
  );
  if (!summary) throw new Error('the summary of a search returned no row');
  return summary;
}
