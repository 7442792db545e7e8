import { ProblemError } from '@faultline/chassis/errors';
import { type Account, listAccounts, role, updateAccount } from '@faultline/contracts/profiles';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { z } from 'zod';
import {
  badge,
  formatTime,
  nextPage,
  notice,
  searchForm,
  table,
  withQuery,
} from '../view/parts.ts';
import { none, type Outcome, type Shown, type Visit } from '../visit.ts';

const path = '/admin/accounts';

/** All accounts, newest first, with what can be done to each. */
export async function accountsPage(visit: Visit, fault?: string): Promise<Shown> {
  const query = visit.listQuery(listAccounts.query);
  const { body } = await visit.need('profiles', listAccounts, { query });
  const content = html`<h1>Accounts</h1>
    ${notice(fault)} ${searchForm(path, 'Find accounts', query.q ?? '')}
    ${table({
      caption: 'Accounts',
      columns: ['E-mail', 'Name', 'Role', 'Since (UTC)', 'Change'],
      empty: 'No accounts match.',
      rows: body.items.map((account) => [
        account.email,
        account.name,
        html`${badge(account.role)} ${account.disabled && badge('locked')}`,
        formatTime(account.created_at),
        account.id === visit.adminId ? 'This is you' : changes(visit, account),
      ]),
    })}
    ${nextPage(path, visit.query, body.next_cursor)}`;
  return { title: 'Accounts', content };
}

/** Changes a role, or locks and unlocks. */
export async function changeAccount(visit: Visit): Promise<Outcome> {
  const id = visit.id('account');
  const body = changeOf(await visit.form());
  const reply = await visit.need('profiles', updateAccount, { params: { id }, body });
  if (reply.status === 404) throw none('account');
  if (reply.status === 409) {
    return { ...(await accountsPage(visit, reply.body.detail)), status: 409 };
  }
  return { seeOther: withQuery(path, visit.query) };
}

const changeForm = z.union([
  z.strictObject({ role }),
  z.strictObject({ disabled: z.enum(['true', 'false']).transform((text) => text === 'true') }),
]);

/** The one change that a button of ours asks for. */
function changeOf(form: URLSearchParams): z.output<typeof changeForm> {
  const change = changeForm.safeParse(Object.fromEntries(form));
  if (change.success && form.size === 1) return change.data;
  throw new ProblemError('invalid_request', 'There is no such change of an account.');
}

function changes(visit: Visit, account: Account): ComponentChildren {
  const action = withQuery(`${path}/${account.id}`, visit.query);
  const change = (label: string, name: string, value: string) =>
    html`<form class="inline" method="post" action=${action}>
      <button
        class="quiet small"
        name=${name}
        value=${value}
        aria-label="${label}: ${account.email}"
      >
        ${label}
      </button>
    </form>`;
  return html`<span class="actions">
    ${
      account.role === 'admin'
        ? change('Make customer', 'role', 'customer')
        : change('Make admin', 'role', 'admin')
    }
    ${account.disabled ? change('Unlock', 'disabled', 'false') : change('Lock', 'disabled', 'true')}
  </span>`;
}
