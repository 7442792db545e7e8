import { ProblemError } from '@faultline/chassis/errors';
import type { Db } from '@faultline/chassis/postgres';
import type { Address, PostalAddress } from '@faultline/contracts/profiles';
import { lockAccount } from './accounts.ts';

const ADDRESSES_MAX = 20;

type AddressRow = { id: string; address: PostalAddress };

/** An account's addresses, oldest first. */
export async function listAddresses(db: Db, accountId: string): Promise<Address[]> {
  const { rows } = await db.query<AddressRow>(
    'SELECT id, address FROM addresses WHERE account_id = $1 ORDER BY id LIMIT $2',
    [accountId, ADDRESSES_MAX],
  );
  return rows.map(({ id, address }) => ({ id, ...address }));
}

/** @throws ProblemError `conflict` when the account has 20. Call it in a transaction. */
export async function insertAddress(
  tx: Db,
  accountId: string,
  { id, address }: AddressRow,
): Promise<Address> {
  await lockAccount(tx, accountId);
  const { rowCount } = await tx.query(
    `INSERT INTO addresses (id, account_id, address)
     SELECT $1, $2, $3 WHERE (SELECT count(*) FROM addresses WHERE account_id = $2) < $4`,
    [id, accountId, address, ADDRESSES_MAX],
  );
  if (rowCount === 1) return { id, ...address };
  throw new ProblemError('conflict', `An account keeps at most ${ADDRESSES_MAX} addresses.`, {
    reason: 'too_many_addresses',
  });
}

/** @throws ProblemError `not_found` also for the address of somebody else. */
export async function deleteAddress(db: Db, accountId: string, id: string): Promise<void> {
  const { rowCount } = await db.query('DELETE FROM addresses WHERE id = $1 AND account_id = $2', [
    id,
    accountId,
  ]);
  if (rowCount === 0) throw new ProblemError('not_found', `There is no address ${id}.`);
}
