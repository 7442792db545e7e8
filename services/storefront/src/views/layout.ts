import type { Category } from '@faultline/contracts/catalog';
import { html } from 'htm/preact';
import type { ComponentChildren, VNode } from 'preact';

/** What surrounds every page. */
export type Frame = {
  readonly title: string;
  readonly body: ComponentChildren;
  readonly path: string;
  readonly role: string | undefined;
  readonly itemsInBasket: number;
  readonly categories: readonly Category[];
  readonly search: string;
  readonly notices: readonly string[];
  /** Reload after so many seconds where scripts do not run. */
  readonly refreshSeconds: number | undefined;
  readonly styles: readonly (string | undefined)[];
  readonly scripts: readonly (string | undefined)[];
  readonly icon: string | undefined;
};

/** The whole document. */
export function layout(frame: Frame): VNode {
  return html`<html lang="en">
    ${head(frame)}
    <body>
      <a class="skip" href="#main">Skip to content</a>
      ${header(frame)} ${categoryBar(frame)}
      <main id="main" tabindex="-1">
        ${frame.notices.map((text) => html`<p class="notice warn" role="status">${text}</p>`)}
        ${frame.body}
      </main>
      ${footer()}
    </body>
  </html>`;
}

function head(frame: Frame): VNode {
  const { title, styles, scripts, icon, refreshSeconds } = frame;
  return html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f7f4ee" />
    <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#161513" />
    <title>${title === 'Faultline' ? title : `${title} · Faultline`}</title>
    ${icon && html`<link rel="icon" href=${icon} type="image/svg+xml" />`}
    ${styles.map((url) => url && html`<link rel="stylesheet" href=${url} />`)}
    ${scripts.map((url) => url && html`<script type="module" src=${url}></script>`)}
    ${
      refreshSeconds &&
      html`<noscript><meta http-equiv="refresh" content=${String(refreshSeconds)} /></noscript>`
    }
  </head>`;
}

function header({ itemsInBasket, role, search, path }: Frame): VNode {
  const current = (href: string) => (path === href ? 'page' : undefined);
  return html`<header class="site">
    <a class="brand" href="/" aria-label="Faultline, home">
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <path d="M3 5h12.5l-2 6H3zM3 13.5h9.7l-2 6H3zM3 22h6.9l-1.7 5H3z" />
        <path class="shifted" d="M19.6 8H29v6H17.6zM16.8 16.500H29v6H14.800zM14 25H29v5H12.300z" />
      </svg>
      <span>Faultline</span>
    </a>
    <form class="find" role="search" action="/search">
      <label class="hidden" for="find">Search products</label>
      <input
        id="find"
        name="q"
        type="search"
        value=${search}
        maxlength="200"
        autocomplete="off"
        placeholder="Search products"
      />
      <button type="submit" class="quiet">Search</button>
    </form>
    <nav class="you" aria-label="Your shop">
      ${role === 'admin' && html`<a href="/admin">Back office</a>`}
      ${
        role
          ? html`<a href="/orders" aria-current=${current('/orders')}>Orders</a>
              <a href="/account" aria-current=${current('/account')}>Account</a>`
          : html`<a href="/sign-in" aria-current=${current('/sign-in')}>Sign in</a>`
      }
      <a href="/basket" aria-current=${current('/basket')}
        >Basket${itemsInBasket > 0 && html`<span class="count">${itemsInBasket}</span>`}</a
      >
    </nav>
  </header>`;
}

function categoryBar({ categories, path }: Frame): VNode {
  const link = (href: string, name: string) =>
    html`<li><a href=${href} aria-current=${path === href ? 'page' : undefined}>${name}</a></li>`;
  return html`<nav class="categories" aria-label="Categories">
    <ul>
      ${link('/search', 'All products')}
      ${categories.map(({ slug, name }) => link(`/categories/${slug}`, name))}
    </ul>
  </nav>`;
}

function footer(): VNode {
  return html`<footer class="site">
    <p>
      Faultline is a demonstration shop: payments go to a sandbox, and nothing is ever shipped or
      charged.
    </p>
  </footer>`;
}
