import { callOf } from '@faultline/chassis/endpoint';
import { html } from 'htm/preact';
import type { Context } from 'koa';
import type { ComponentChildren, VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { notice } from './parts.ts';
import { stylesheetUrl } from './stylesheet.ts';

const sections = [
  ['/admin', 'Overview'],
  ['/admin/products', 'Products'],
  ['/admin/stock', 'Stock'],
  ['/admin/orders', 'Orders'],
  ['/admin/accounts', 'Accounts'],
] as const;

/** Nothing but our style sheet is loaded, nothing runs, and forms go nowhere else. */
const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Answers with a page in the back office's frame. */
export function sendHtml(
  ctx: Context,
  page: {
    title: string;
    content: ComponentChildren;
    status?: number;
    notices?: readonly string[];
  },
): void {
  ctx.status = page.status ?? 200;
  ctx.set({
    'Cache-Control': 'private, no-store',
    'Content-Security-Policy': contentSecurityPolicy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  });
  ctx.type = 'text/html; charset=utf-8';
  const document = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>${page.title} · Faultline back office</title>
      <link rel="stylesheet" href=${stylesheetUrl} />
    </head>
    <body>
      <a class="skip" href="#main">Skip to content</a>
      ${header(ctx)}
      <main id="main" tabindex="-1">
        ${page.notices?.map((text) => notice(text, 'warn'))} ${page.content}
      </main>
    </body>
  </html>`;
  // The template has one root element, which htm cannot express in its type.
  ctx.body = `<!doctype html>${renderToString(document as VNode)}`;
}

function header(ctx: Context): ComponentChildren {
  const isAdmin = callOf(ctx)?.principal?.role === 'admin';
  return html`<header class="site">
    <a class="brand" href="/admin">
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <path d="M3 5h12.5l-2 6H3zM3 13.5h9.7l-2 6H3zM3 22h6.9l-1.7 5H3z" />
        <path class="shifted" d="M19.6 8H29v6H17.6zM16.8 16.5H29v6H14.8zM14 25H29v5H12.3z" />
      </svg>
      <span>Back office</span>
    </a>
    ${
      isAdmin &&
      html`<nav class="sections" aria-label="Back office">
        ${sections.map(([href, label]) => navLink(href, label, ctx.path))}
      </nav>`
    }
    <nav class="elsewhere" aria-label="Elsewhere">
      ${isAdmin && html`<a href="/mailbox">Mailbox</a>`}
      <a href="/">Shop</a>
    </nav>
  </header>`;
}

function navLink(href: string, label: string, path: string): ComponentChildren {
  const current = href === '/admin' ? path === href : path.startsWith(href);
  return html`<a href=${href} aria-current=${current ? 'page' : undefined}>${label}</a>`;
}
