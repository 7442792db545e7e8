import type Router from '@koa/router';
import { mount, principalOf } from '@faultline/chassis/endpoint';
import { uuidv7 } from '@faultline/chassis/ids';
import * as api from '@faultline/contracts/profiles';
import { findAccount, toAccount } from './accounts.ts';
import { deleteAddress, insertAddress, listAddresses } from './addresses.ts';
import type { ProfilesDeps } from './deps.ts';
import { createAccount } from './routes/create-account.ts';
import { createSession } from './routes/create-session.ts';
import { deleteSession } from './routes/delete-session.ts';
import { listAccounts } from './routes/list-accounts.ts';
import { refreshSession } from './routes/refresh-session.ts';
import { updateAccount } from './routes/update-account.ts';
import { updateMe } from './routes/update-me.ts';

/** Accounts, sign-in, addresses. */
export function mountProfiles(router: Router, deps: ProfilesDeps): void {
  const { postgres, clock, tokens } = deps;
  const { pool } = postgres;

  mount(router, api.createAccount, createAccount(deps));
  mount(router, api.createSession, createSession(deps));
  mount(router, api.refreshSession, refreshSession(deps));
  mount(router, api.deleteSession, deleteSession(deps));
  mount(router, api.readKeySet, async () => ({ status: 200, body: tokens.keySet }));

  mount(router, api.getMe, async ({ call }) => ({
    status: 200,
    body: toAccount(await findAccount(pool, principalOf(call).id)),
  }));
  mount(router, api.updateMe, updateMe(deps));
  mount(router, api.listAddresses, async ({ call }) => ({
    status: 200,
    body: { items: await listAddresses(pool, principalOf(call).id) },
  }));
  mount(router, api.addAddress, async ({ call, body }) => ({
    status: 201,
    body: await postgres.transaction((tx) =>
      insertAddress(tx, principalOf(call).id, { id: uuidv7(clock), address: body }),
    ),
  }));
  mount(router, api.deleteAddress, async ({ call, params }) => {
    await deleteAddress(pool, principalOf(call).id, params.id);
    return { status: 204 };
  });

  mount(router, api.readAccount, async ({ params }) => ({
    status: 200,
    body: toAccount(await findAccount(pool, params.id)),
  }));
  mount(router, api.listAccounts, listAccounts(deps));
  mount(router, api.updateAccount, updateAccount(deps));
}
