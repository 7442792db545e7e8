import type { Category, Facet } from '@faultline/contracts/catalog';
import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { formatCount, formatName, formatValue } from '../format.ts';
import { addressOf, type Wish, without } from '../listing.ts';
import type { Found } from '../search.ts';
import { asOf } from './as-of.ts';
import { productGrid } from './product-card.ts';

const VALUES_SHOWN = 6;
const VALUES_MAX = 30;

const orders = [
  ['', 'Best match'],
  ['newest', 'Newest'],
  ['price', 'Price, low to high'],
  ['-price', 'Price, high to low'],
  ['name', 'Name'],
] as const;

/**
 * A list of products with its filters. Scripts replace `#listing` and the texts marked `data-live`
 * when the search changes.
 */
export function listing(options: {
  heading: string;
  wish: Wish;
  found: Found | undefined;
  categories: readonly Category[];
}): VNode {
  const { heading, wish, found, categories } = options;
  const count = found ? formatCount(found.result.total, 'product') : 'Nothing to show right now';
  return html`<section aria-labelledby="heading">
    <div class="listing-head">
      <h1 id="heading" data-live>${heading}</h1>
      <p id="count" role="status" data-live>${count}</p>
    </div>
    <div id="listing" class="listing">
      ${filters({ wish, found, categories })}
      <div class="results">
        ${chosen(wish)}${found?.asOfMs !== undefined && asOf(found.asOfMs)}${results(wish, found)}
      </div>
    </div>
  </section>`;
}

function results(wish: Wish, found: Found | undefined): VNode {
  if (!found) {
    return html`<div class="empty">
      <h2>The catalogue does not answer</h2>
      <p>Your basket and your orders are not affected. Please try again in a moment.</p>
      <p><a class="button quiet" href=${addressOf(wish)}>Try again</a></p>
    </div>`;
  }
  const { items, next_cursor } = found.result;
  if (items.length === 0) {
    return html`<div class="empty">
      <h2>Nothing matches</h2>
      <p>Try fewer words or filters.</p>
      <p><a class="button quiet" href="/search">See all products</a></p>
    </div>`;
  }
  return html`${productGrid(items)}
    <nav class="pages" aria-label="Pages">
      ${wish.cursor && html`<a href=${addressOf({ ...wish, cursor: '' })}>First page</a>`}
      ${
        next_cursor &&
        html`<a class="button quiet" rel="next" href=${addressOf({ ...wish, cursor: next_cursor })}
          >Next page</a
        >`
      }
    </nav>`;
}

function chosen(wish: Wish): VNode | null {
  if (wish.filters.length === 0) return null;
  return html`<ul class="chosen" aria-label="Filters that are on">
    ${wish.filters.flatMap(({ name, values }) =>
      values.map((value) => {
        const filter = `${formatName(name)}: ${formatValue(value)}`;
        const href = addressOf(without(wish, name, value));
        return html`<li><a href=${href} aria-label="Remove ${filter}">${filter}</a></li>`;
      }),
    )}
    <li><a class="all" href=${addressOf({ ...wish, cursor: '', filters: [] })}>Clear all</a></li>
  </ul>`;
}

function filters(options: {
  wish: Wish;
  found: Found | undefined;
  categories: readonly Category[];
}): VNode {
  const { wish, found, categories } = options;
  const facets = withChosen(found?.result.facets ?? [], wish);
  return html`<form class="filters" action=${wish.path} data-filters>
    ${wish.q && html`<input type="hidden" name="q" value=${wish.q} />`}
    <div class="field">
      <label for="sort">Sort by</label>
      <select id="sort" name="sort">
        ${orders.map(
          ([value, label]) =>
            html`<option value=${value} selected=${value === wish.sort}>${label}</option>`,
        )}
      </select>
    </div>
    ${wish.path === '/search' && categories.length > 0 && categoryChoice(wish, categories)}
    ${
      facets.length > 0 &&
      html`<details class="facets">
        <summary>Filters</summary>
        ${facets.map((facet) => facetGroup(facet, wish))}
      </details>`
    }
    <button type="submit" class="quiet">Apply</button>
  </form>`;
}

function categoryChoice(wish: Wish, categories: readonly Category[]): VNode {
  return html`<div class="field">
    <label for="category">Category</label>
    <select id="category" name="category">
      <option value="">All categories</option>
      ${categories.map(
        ({ slug, name }) =>
          html`<option value=${slug} selected=${slug === wish.category}>${name}</option>`,
      )}
    </select>
  </div>`;
}

function facetGroup({ name, values }: Facet, wish: Wish): VNode {
  const on = new Set(wish.filters.find((filter) => filter.name === name)?.values);
  const boxes = values.slice(0, VALUES_MAX).map(({ value, count }) => {
    const id = `f-${name}-${value.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
    return html`<li>
      <input type="checkbox" id=${id} name="attr.${name}" value=${value} checked=${on.has(value)} />
      <label for=${id}>${formatName(formatValue(value))}<span class="count">${count}</span></label>
    </li>`;
  });
  return html`<fieldset>
    <legend>${formatName(name)}</legend>
    <ul>
      ${boxes.slice(0, VALUES_SHOWN)}
    </ul>
    ${
      boxes.length > VALUES_SHOWN &&
      html`<details>
        <summary>More</summary>
        <ul>
          ${boxes.slice(VALUES_SHOWN)}
        </ul>
      </details>`
    }
  </fieldset>`;
}

/** Values that are on stay in sight even when nothing has them any more. */
function withChosen(facets: readonly Facet[], wish: Wish): Facet[] {
  const known = new Map(facets.map((facet) => [facet.name, facet.values]));
  for (const { name, values } of wish.filters) {
    const counted = known.get(name) ?? [];
    const missing = values.filter((value) => !counted.some((entry) => entry.value === value));
    known.set(name, [...missing.map((value) => ({ value, count: 0 })), ...counted]);
  }
  return [...known].map(([name, values]) => ({ name, values }));
}
