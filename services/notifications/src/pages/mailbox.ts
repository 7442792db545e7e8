import { callOf, parsePart } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { idParams } from '@faultline/contracts/common';
import { listMails, type Mail } from '@faultline/contracts/notifications';
import { html } from 'htm/preact';
import type { Context } from 'koa';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { MailStore } from '../mail-store.ts';
import { pageOfMails } from '../routes/list-mails.ts';

type Page = (ctx: Context) => Promise<void>;

/** All mails, newest first: what would have been sent were SMTP configured. */
export function mailboxPage(mails: MailStore): Page {
  return async (ctx) => {
    requireAdmin(ctx);
    const query = listMails.query.parse({
      limit: 50,
      ...(typeof ctx.query['cursor'] === 'string' ? { cursor: ctx.query['cursor'] } : {}),
    });
    const { items, next_cursor } = await pageOfMails(mails, query);
    const list = html`
      <h1>Mailbox</h1>
      ${
        items.length === 0
          ? html`<p>No mails yet. Place an order and come back.</p>`
          : html`<table>
              <thead>
                <tr>
                  <th scope="col">Sent</th>
                  <th scope="col">To</th>
                  <th scope="col">Subject</th>
                  <th scope="col">Status</th>
                </tr>
              </thead>
              <tbody>
                ${items.map(mailRow)}
              </tbody>
            </table>`
      }
      ${next_cursor && html`<p><a href="/mailbox?cursor=${next_cursor}">Older mails</a></p>`}
    `;
    respond(ctx, 'Mailbox', list);
  };
}

/** One mail as its reader sees it. */
export function mailPage(mails: MailStore): Page {
  return async (ctx) => {
    requireAdmin(ctx);
    const { id } = idParams.parse(parsePart(idParams, 'params', ctx['params']));
    const mail = await mails.find(id);
    if (!mail) throw new ProblemError('not_found', 'There is no such mail.');
    respond(
      ctx,
      mail.subject,
      html`
        <p><a href="/mailbox">Mailbox</a></p>
        <h1>${mail.subject}</h1>
        <dl>
          <dt>To</dt>
          <dd>${mail.to}</dd>
          <dt>Status</dt>
          <dd>${mail.status}</dd>
          <dt>Sent</dt>
          <dd>${mail.created_at}</dd>
        </dl>
        <pre>${mail.text}</pre>
      `,
    );
  };
}

function mailRow(mail: Mail): VNode {
  return html`<tr>
    <td>
      <time datetime=${mail.created_at}>${mail.created_at.slice(0, 19).replace('T', ' ')}</time>
    </td>
    <td>${mail.to}</td>
    <td><a href="/mailbox/${mail.id}">${mail.subject}</a></td>
    <td>${mail.status}</td>
  </tr>` as VNode; // htm types a single root as VNode | VNode[]
}

function requireAdmin(ctx: Context): void {
  if (callOf(ctx).principal?.role !== 'admin')
    throw new ProblemError('forbidden', 'The mailbox needs the role admin.');
}

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  table { width: 100%; border-collapse: collapse; }
  th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid color-mix(in srgb, currentcolor 18%, transparent); }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; } dd { margin: 0; }
  pre { white-space: pre-wrap; padding: 1rem; border: 1px solid color-mix(in srgb, currentcolor 18%, transparent); border-radius: .5rem; }
`;

function respond(ctx: Context, title: string, content: unknown): void {
  ctx.set({
    'Cache-Control': 'private, no-store',
    'Content-Security-Policy':
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
  });
  ctx.type = 'text/html; charset=utf-8';
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>${title} · Faultline</title>
      <style>
        ${style}
      </style>
    </head>
    <body>
      ${content}
    </body>
  </html>`;
  ctx.body = `<!doctype html>${renderToString(page as VNode)}`; // one root element
}
