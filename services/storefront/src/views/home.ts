import type { Category } from '@faultline/contracts/catalog';
import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { formatCount } from '../format.ts';
import type { Found } from '../search.ts';
import { asOf } from './as-of.ts';
import { productGrid } from './product-card.ts';
import { strata } from './strata.ts';

const NOTHING = 'The shelves cannot be shown right now. Please look again in a moment.';

export function homeView(options: {
  name: string | undefined;
  categories: readonly Category[];
  newest: Found | undefined;
}): VNode {
  const { name, categories, newest } = options;
  return html`
    <section class="hero" aria-labelledby="heading">
      ${strata('faultline 1', { width: 1200, height: 420 })}
      <div>
        ${name && html`<p class="greeting">Welcome back, ${name}</p>`}
        <h1 id="heading">Made to outlast the day the ground moves.</h1>
        <p class="lead">Useful things, plainly described, from a shop that keeps its footing.</p>
        <p><a class="button" href="/search">Browse everything</a></p>
      </div>
    </section>
    ${categories.length > 0 && categoryTiles(categories)}
    <section aria-labelledby="newest">
      <div class="section-head">
        <h2 id="newest">New in the shop</h2>
        ${
          newest?.asOfMs === undefined
            ? html`<a href="/search?sort=newest">See all</a>`
            : asOf(newest.asOfMs)
        }
      </div>
      ${newest ? productGrid(newest.result.items) : html`<p class="empty">${NOTHING}</p>`}
    </section>
  `;
}

function categoryTiles(categories: readonly Category[]): VNode {
  return html`<section aria-labelledby="categories">
    <h2 id="categories">Categories</h2>
    <ul class="tiles">
      ${categories.map(
        ({ slug, name, product_count }) =>
          html`<li>
            <a class="tile" href="/categories/${slug}">
              ${strata(slug, { width: 320, height: 110 })}
              <span class="name">${name}</span>
              <span class="muted">${formatCount(product_count, 'product')}</span>
            </a>
          </li>`,
      )}
    </ul>
  </section>`;
}
