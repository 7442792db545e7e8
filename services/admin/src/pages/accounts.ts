import { parsePart } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { idParams } from '@faultline/contracts/common';
import {
  type Account,
  accountUpdate,
  listAccounts,
  updateAccount,
} from '@faultline/contracts/profiles';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import type { Neighbours } from '../neighbours.ts';
import type { PageHandler } from '../view/page.ts';
import { badge, formatTime, nextPage, searchForm, table } from '../view/parts.ts';
import { notice } from '../view/problem.ts';

const path = '/admin/accounts';

/** All accounts, newest first, with what can be done to each. */
export function accountsPage(to: Neighbours): PageHandler {
  return async ({ call, query }) => {
    const q = query.get('q') ?? '';
    const cursor = query.get('cursor') ?? undefined;
    const { body } = await to.profiles.call(
      listAccounts,
      { query: { limit: 50, ...(q && { q }), ...(cursor && { cursor }) } },
      call,
    );
    const content = html`<h1>Accounts</h1>
      ${notice(query.has('refused') ? 'The shop needs at least one admin who can sign in.' : undefined)}
      ${searchForm(path, 'Find accounts', q)}
      ${table({
        caption: 'Accounts',
        columns: ['E-mail', 'Name', 'Role', 'Since', 'Change'],
        empty: 'No accounts match.',
        rows: body.items.map(
          (account) =>
            html`<tr>
              <td>${account.email}</td>
              <td>${account.name}</td>
              <td>${badge(account.role)} ${account.disabled && badge('locked')}</td>
              <td>${formatTime(account.created_at)}</td>
              <td>
                ${change(account, 'role', account.role === 'admin' ? 'customer' : 'admin')}
                ${change(account, 'disabled', String(!account.disabled))}
              </td>
            </tr>`,
        ),
      })}
      ${nextPage(path, query, body.next_cursor)}`;
    return { title: 'Accounts', content };
  };
}

/** Changes a role, or locks and unlocks. */
export function changeAccount(to: Neighbours): PageHandler {
  return async ({ call, params, form }) => {
    const target = idParams.parse(parsePart(idParams, 'params', params));
    const update = accountUpdate.safeParse({
      ...(form.has('role') && { role: form.get('role') }),
      ...(form.has('disabled') && { disabled: form.get('disabled') === 'true' }),
    });
    if (!update.success) throw new ProblemError('invalid_request', 'There is no such change.');
    const reply = await to.profiles.call(
      updateAccount,
      { params: target, body: update.data },
      call,
    );
    if (reply.status === 404) throw new ProblemError('not_found', 'There is no such account.');
    return { redirect: reply.status === 409 ? `${path}?refused` : path };
  };
}

function change(account: Account, name: 'role' | 'disabled', value: string): ComponentChildren {
  const labels: Record<string, string> = {
    admin: 'Make admin',
    customer: 'Make customer',
    true: 'Lock',
    false: 'Unlock',
  };
  return html`<form class="inline" method="post" action="${path}/${account.id}">
    <input type="hidden" name=${name} value=${value} />
    <button aria-label="${labels[value]}: ${account.email}">${labels[value]}</button>
  </form>`;
}
