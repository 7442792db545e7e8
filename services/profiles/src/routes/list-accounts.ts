import { decodeCursor, toPage } from '@faultline/chassis/cursor';
import type { Handler } from '@faultline/chassis/endpoint';
import { idParams } from '@faultline/contracts/common';
import type { listAccounts as endpoint } from '@faultline/contracts/profiles';
import { type AccountRow, toAccount } from '../accounts.ts';
import type { ProfilesDeps } from '../deps.ts';

/** All accounts or those whose address or name holds `q`, newest first: ids sort by age. */
export function listAccounts({
  postgres,
}: Pick<ProfilesDeps, 'postgres'>): Handler<typeof endpoint> {
  return async ({ query: { limit, cursor, q } }) => {
    const before = decodeCursor(idParams, cursor);
    const pattern = q ? `%${q.replace(/[\\%_]/g, '\\$&')}%` : null;
    const { rows } = await postgres.pool.query<AccountRow>(
      `SELECT * FROM accounts
       WHERE ($1::uuid IS NULL OR id < $1)
         AND ($2::text IS NULL OR email ILIKE $2 OR name ILIKE $2)
       ORDER BY id DESC LIMIT $3`,
      [before?.id ?? null, pattern, limit + 1],
    );
    return { status: 200, body: toPage(rows.map(toAccount), limit, ({ id }) => ({ id })) };
  };
}
