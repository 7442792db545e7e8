import type { Clock } from '@faultline/chassis/clock';
import { toRfc3339 } from '@faultline/chassis/clock';
import { ProblemError } from '@faultline/chassis/errors';
import type { Outbox } from '@faultline/chassis/outbox';
import { type Db, sqlState } from '@faultline/chassis/postgres';
import { type Account, accountEvents } from '@faultline/contracts/profiles';

/** An account as the database holds it. */
export type AccountRow = {
  id: string;
  email: string;
  name: string;
  role: Account['role'];
  disabled: boolean;
  password_hash: string;
  version: number;
  created_at: Date;
};

/** What others may see of an account. */
export function toAccount({ id, email, name, role, disabled, created_at }: AccountRow): Account {
  return { id, email, name, role, disabled, created_at: toRfc3339(created_at.getTime()) };
}

/**
 * Adds an account together with its event.
 * @throws ProblemError `conflict` when the e-mail address is taken.
 */
export async function insertAccount(
  { tx, outbox, clock }: { tx: Db; outbox: Outbox; clock: Clock },
  account: Pick<AccountRow, 'id' | 'email' | 'name' | 'role' | 'password_hash'>,
): Promise<AccountRow> {
  const { rows } = await tx
    .query<AccountRow>(
      `INSERT INTO accounts (id, email, name, role, password_hash, created_at)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING *`,
      [
        account.id,
        account.email,
        account.name,
        account.role,
        account.password_hash,
        new Date(clock.now()),
      ],
    )
    .catch((error: unknown) => {
      if (sqlState(error) !== '23505') throw error;
      throw new ProblemError('conflict', 'There is an account with this e-mail address.', {
        reason: 'email_taken',
        cause: error,
      });
    });
  await outbox.append(tx, accountEvents.stream, {
    type: 'account.created',
    version: accountEvents.types['account.created'].version,
    subject: account.id,
    sequence: 1,
    data: { account_id: account.id },
  });
  return required(rows[0], account.id);
}

/** Changes what of an account may change, together with its event. */
export async function changeAccount(
  { tx, outbox }: { tx: Db; outbox: Outbox },
  { id, name, role, disabled }: Pick<AccountRow, 'id' | 'name' | 'role' | 'disabled'>,
): Promise<AccountRow> {
  const { rows } = await tx.query<AccountRow>(
    `UPDATE accounts SET name = $2, role = $3, disabled = $4, version = version + 1
     WHERE id = $1 RETURNING *`,
    [id, name, role, disabled],
  );
  const row = required(rows[0], id);
  await outbox.append(tx, accountEvents.stream, {
    type: 'account.changed',
    version: accountEvents.types['account.changed'].version,
    subject: id,
    sequence: row.version,
    data: { account_id: id, role: row.role, disabled: row.disabled },
  });
  return row;
}

/** @throws ProblemError `not_found`. */
export async function findAccount(db: Db, id: string): Promise<AccountRow> {
  const { rows } = await db.query<AccountRow>('SELECT * FROM accounts WHERE id = $1', [id]);
  return required(rows[0], id);
}

/** The account, locked until the transaction ends. */
export async function lockAccount(tx: Db, id: string): Promise<AccountRow> {
  const { rows } = await tx.query<AccountRow>('SELECT * FROM accounts WHERE id = $1 FOR UPDATE', [
    id,
  ]);
  return required(rows[0], id);
}

export async function findByEmail(db: Db, email: string): Promise<AccountRow | undefined> {
  const { rows } = await db.query<AccountRow>('SELECT * FROM accounts WHERE email = $1', [email]);
  return rows[0];
}

function required(row: AccountRow | undefined, id: string): AccountRow {
  if (!row) throw new ProblemError('not_found', `There is no account ${id}.`);
  return row;
}
