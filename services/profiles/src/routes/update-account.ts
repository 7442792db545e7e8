import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { Db } from '@faultline/chassis/postgres';
import type { updateAccount as endpoint } from '@faultline/contracts/profiles';
import { changeAccount, lockAccount, toAccount } from '../accounts.ts';
import type { ProfilesDeps } from '../deps.ts';

/** Role and lock of an account. Locking ends its sessions; the last admin stays one. */
export function updateAccount({
  postgres,
  outbox,
  sessions,
}: Pick<ProfilesDeps, 'postgres' | 'outbox' | 'sessions'>): Handler<typeof endpoint> {
  return async ({ params: { id }, body }) => {
    const row = await postgres.transaction(async (tx) => {
      const admins = await lockAdmins(tx);
      const account = await lockAccount(tx, id);
      const { role = account.role, disabled = account.disabled } = body;
      if (role === account.role && disabled === account.disabled) return account;
      const staysAdmin = role === 'admin' && !disabled;
      if (!staysAdmin && admins.length === 1 && admins[0] === id) {
        throw new ProblemError('conflict', 'The last admin must stay one.', {
          reason: 'last_admin',
        });
      }
      if (disabled) await sessions.endAll(tx, id);
      return changeAccount({ tx, outbox }, { ...account, role, disabled });
    });
    outbox.nudge();
    return { status: 200, body: toAccount(row) };
  };
}

/** Locked in one order, so that two admins who demote each other do so one after the other. */
async function lockAdmins(tx: Db): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM accounts WHERE role = 'admin' AND NOT disabled ORDER BY id FOR UPDATE`,
  );
  return rows.map((row) => row.id);
}
