import type { Clock } from '@faultline/chassis/clock';
import { seedId } from '@faultline/chassis/ids';
import type { Outbox } from '@faultline/chassis/outbox';
import type { Postgres } from '@faultline/chassis/postgres';
import { findByEmail, insertAccount } from './accounts.ts';
import type { Passwords } from './passwords.ts';

/** Who the demonstration's accounts are; their passwords come from the configuration. */
const people = [
  { email: 'admin@faultline.local', name: 'Ada Admin', role: 'admin' },
  { email: 'customer@faultline.local', name: 'Casey Customer', role: 'customer' },
] as const;

/** Replicas that start at once seed one after the other. */
const SEED_LOCK = 0x5eed;

/**
 * Brings the demonstration's accounts along; however often it runs, there is one of each. Their
 * passwords follow the configuration, so that the ones shown at start work.
 */
export async function seedAccounts(
  deps: { postgres: Postgres; outbox: Outbox; clock: Clock; passwords: Passwords },
  demoPasswords: { admin?: string | undefined; customer?: string | undefined },
): Promise<void> {
  const { postgres, passwords } = deps;
  for (const account of people) {
    const password = demoPasswords[account.role];
    if (password === undefined) continue;
    const existing = await findByEmail(postgres.pool, account.email);
    if (existing && (await passwords.verify(existing.password_hash, password))) continue;
    const password_hash = await passwords.hash(password);
    const id = seedId('account', account.email);
    await postgres.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [SEED_LOCK]);
      const { rowCount } = await tx.query(
        'UPDATE accounts SET password_hash = $2 WHERE email = $1',
        [account.email, password_hash],
      );
      if (rowCount === 0) await insertAccount({ ...deps, tx }, { ...account, id, password_hash });
    });
  }
}
