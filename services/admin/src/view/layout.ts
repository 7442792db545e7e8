import { html } from 'htm/preact';
import type { Context } from 'koa';
import type { ComponentChildren, VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { stylesheetUrl } from './stylesheet.ts';

const sections = [
  ['/admin', 'Overview'],
  ['/admin/products', 'Products'],
  ['/admin/stock', 'Stock'],
  ['/admin/orders', 'Orders'],
  ['/admin/accounts', 'Accounts'],
] as const;

/** Answers with a page in the back office's frame; nothing in it can run a script. */
export function sendHtml(
  ctx: Context,
  page: { title: string; content: ComponentChildren; path: string; status?: number },
): void {
  ctx.status = page.status ?? 200;
  ctx.set({
    'Cache-Control': 'private, no-store',
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  });
  ctx.type = 'text/html; charset=utf-8';
  const document = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${page.title} · Faultline back office</title>
      <link rel="stylesheet" href=${stylesheetUrl} />
    </head>
    <body>
      <a class="skip" href="#main">Skip to content</a>
      <header>
        <strong>Faultline <span>back office</span></strong>
        <nav aria-label="Back office">
          ${sections.map(([href, label]) => navLink(href, label, page.path))}
        </nav>
        <nav aria-label="Elsewhere"><a href="/mailbox">Mailbox</a><a href="/">Shop</a></nav>
      </header>
      <main id="main">${page.content}</main>
    </body>
  </html>`;
  // The template has one root element, which htm cannot express in its type.
  ctx.body = `<!doctype html>${renderToString(document as VNode)}`;
}

function navLink(href: string, label: string, path: string): ComponentChildren {
  const current = href === '/admin' ? path === href : path.startsWith(href);
  return html`<a href=${href} aria-current=${current ? 'page' : undefined}>${label}</a>`;
}
