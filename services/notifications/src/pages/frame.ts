import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { callOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { html } from 'htm/preact';
import type { Context } from 'koa';
import type { ComponentChildren, VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';

const css = readFileSync(new URL('../../public/mailbox.css', import.meta.url));
const stylesheet = '/mailbox/assets/mailbox.css';
const version = createHash('sha256').update(css).digest('hex').slice(0, 12);

/** Nothing but the style sheet is loaded, nothing runs, nothing is sent. */
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cache-Control': 'private, no-store',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

export type Page = { title: string; content: ComponentChildren; status?: number };

/** A page for admins in the mailbox's frame. */
export function framed(show: (ctx: Context) => Promise<Page>): (ctx: Context) => Promise<void> {
  return async (ctx) => {
    if (callOf(ctx).principal?.role !== 'admin') {
      throw new ProblemError('forbidden', 'The mailbox is for accounts with the role admin.');
    }
    send(ctx, await show(ctx));
  };
}

/** Shows a problem as a page of the mailbox; false for the API, which answers problem+json. */
export function renderMailboxProblem(ctx: Context, { status, message }: ProblemError): boolean {
  if (!/^\/mailbox(\/|$)/.test(ctx.path)) return false;
  const title = { 403: 'Not allowed', 404: 'Not found' }[status] ?? 'That did not work';
  send(ctx, {
    status,
    title,
    content: html`<h1>${title}</h1>
      <p>${message}</p>`,
  });
  return true;
}

/** Serves the style sheet; only what asks for this very version may keep it for ever. */
export function serveStylesheet(ctx: Context): void {
  const current = ctx.query['v'] === version;
  ctx.set('Cache-Control', current ? 'public, max-age=31536000, immutable' : 'no-cache');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.body = css;
  ctx.type = 'text/css; charset=utf-8';
}

function send(ctx: Context, { title, content, status = 200 }: Page): void {
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${title} · Faultline mailbox</title>
      <link rel="stylesheet" href="${stylesheet}?v=${version}" />
    </head>
    <body>
      <a class="skip" href="#main">Skip to content</a>
      <header>
        <a class="brand" href="/mailbox">Mailbox</a>
        <nav aria-label="Elsewhere"><a href="/admin">Back office</a><a href="/">Shop</a></nav>
      </header>
      <main id="main" tabindex="-1">${content}</main>
    </body>
  </html>`;
  ctx.set(headers);
  ctx.status = status;
  ctx.type = 'text/html; charset=utf-8';
  // The template has one root element, which htm cannot express in its type.
  ctx.body = `<!doctype html>${renderToString(page as VNode)}`;
}
