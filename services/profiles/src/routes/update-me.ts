import { type Handler, principalOf } from '@faultline/chassis/endpoint';
import type { updateMe as endpoint } from '@faultline/contracts/profiles';
import { changeAccount, lockAccount, toAccount } from '../accounts.ts';
import type { ProfilesDeps } from '../deps.ts';

/** Changes the name, and only the name. */
export function updateMe({
  postgres,
  outbox,
}: Pick<ProfilesDeps, 'postgres' | 'outbox'>): Handler<typeof endpoint> {
  return async ({ call, body: { name } }) => {
    const row = await postgres.transaction(async (tx) => {
      const account = await lockAccount(tx, principalOf(call).id);
      return account.name === name ? account : changeAccount({ tx, outbox }, { ...account, name });
    });
    outbox.nudge();
    return { status: 200, body: toAccount(row) };
  };
}
