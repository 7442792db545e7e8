import { parsePart, queryOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { idParams } from '@faultline/contracts/common';
import { listMails, type Mail } from '@faultline/contracts/notifications';
import { html } from 'htm/preact';
import type { Context } from 'koa';
import type { ComponentChildren } from 'preact';
import type { MailStore } from '../mail-store.ts';
import { pageOfMails } from '../routes/list-mails.ts';
import type { Page } from './frame.ts';

const ROWS = 50;

/** All mails, newest first: those sent and, without SMTP, those that would have been. */
export function mailboxPage(mails: MailStore): (ctx: Context) => Promise<Page> {
  return async (ctx) => {
    const query = parsePart(listMails.query, 'query', { limit: ROWS, ...queryOf(ctx) });
    const { items, next_cursor } = await pageOfMails(mails, query);
    const older = new URLSearchParams({
      ...(query.to && { to: query.to }),
      cursor: next_cursor ?? '',
    });
    const content = html`<h1>${query.to ? `Mails to ${query.to}` : 'Mails'}</h1>
      ${items.length === 0 ? empty : list(items)}
      ${next_cursor && html`<p class="pages"><a rel="next" href="/mailbox?${older}">Older mails</a></p>`}`;
    return { title: 'Mails', content };
  };
}

/** One mail as its reader sees it. */
export function mailPage(mails: MailStore): (ctx: Context) => Promise<Page> {
  return async (ctx) => {
    const params = idParams.safeParse(ctx['params']);
    const mail = params.success ? await mails.find(params.data.id) : undefined;
    if (!mail) throw new ProblemError('not_found', 'There is no such mail.');
    const content = html`<p class="crumb"><a href="/mailbox">Mails</a></p>
      <h1>${mail.subject}</h1>
      <dl>
        <dt>To</dt>
        <dd>${recipient(mail)}</dd>
        <dt>Written</dt>
        <dd>${time(mail)} UTC</dd>
        <dt>Status</dt>
        <dd>${status(mail)} ${meaning[mail.status]}</dd>
      </dl>
      ${mail.text === '' ? null : html`<pre>${mail.text}</pre>`}`;
    return { title: mail.subject, content };
  };
}

const meaning: Readonly<Record<Mail['status'], string>> = {
  queued: 'It waits to be written and sent.',
  sent: 'A mail server took it.',
  kept: 'There is no mail server, so it stays here.',
  failed: 'It could not be sent, and nobody tries any more.',
};

const empty = html`<p class="empty">No mails yet. Place an order and come back.</p>`;

function list(items: readonly Mail[]): ComponentChildren {
  return html`<table>
    <caption>
      Mails, newest first
    </caption>
    <thead>
      <tr>
        <th scope="col">Subject</th>
        <th scope="col">To</th>
        <th scope="col">Written (UTC)</th>
        <th scope="col">Status</th>
      </tr>
    </thead>
    <tbody>
      ${items.map(
        (mail) =>
          html`<tr>
            <th scope="row"><a href="/mailbox/${mail.id}">${mail.subject}</a></th>
            <td>${recipient(mail)}</td>
            <td>${time(mail)}</td>
            <td>${status(mail)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** A mail that is still queued has no address yet. */
function recipient({ to }: Mail): ComponentChildren {
  return to === '' ? '—' : html`<a href="/mailbox?to=${encodeURIComponent(to)}">${to}</a>`;
}

function status(mail: Mail): ComponentChildren {
  return html`<span class="badge ${mail.status}">${mail.status}</span>`;
}

function time({ created_at: at }: Mail): ComponentChildren {
  return html`<time datetime=${at}>${at.slice(0, 16).replace('T', ' ')}</time>`;
}
