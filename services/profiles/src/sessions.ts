import type { Clock } from '@faultline/chassis/clock';
import { uuidv7 } from '@faultline/chassis/ids';
import type { Db, Postgres } from '@faultline/chassis/postgres';
import { hashToken, newRefreshToken, openSuccessor, sealSuccessor } from './refresh-tokens.ts';

/** How long a session lives without being used. */
export const SESSION_SECONDS = 30 * 24 * 3_600;
/** Requests made at the same time carry the same token; so long a replaced one is no theft. */
const GRACE_MS = 20_000;
/** Sessions of one account beyond these end, oldest first. */
const SESSIONS_PER_ACCOUNT_MAX = 100;
/** Rotations within one grace period that a late request is led along. */
const SUCCESSORS_MAX = 8;
const REVOKED_KEPT_MS = 24 * 3_600_000;

/** What became of a refresh. `reused`: an old token came again, so the whole session has ended. */
export type Refresh =
  | { kind: 'refreshed'; accountId: string; token: string }
  | { kind: 'unknown' }
  | { kind: 'reused' };

type TokenRow = {
  family_id: string;
  account_id: string;
  ended: boolean;
  replaced_at: Date | null;
  sealed_successor: Buffer | null;
};

/** Sign-ins and the chains of refresh tokens that keep them alive. */
export class Sessions {
  readonly #postgres: Postgres;
  readonly #clock: Clock;

  constructor(options: { postgres: Postgres; clock: Clock }) {
    this.#postgres = options.postgres;
    this.#clock = options.clock;
  }

  /** Begins a session and returns its first refresh token. */
  async begin(accountId: string): Promise<string> {
    const token = newRefreshToken();
    const familyId = uuidv7(this.#clock);
    await this.#postgres.transaction(async (tx) => {
      await tx.query(
        'INSERT INTO session_families (id, account_id, expires_at) VALUES ($1, $2, $3)',
        [familyId, accountId, this.#expiry()],
      );
      await insertToken(tx, familyId, token);
      await tx.query(
        `DELETE FROM session_families WHERE id IN (
           SELECT id FROM session_families WHERE account_id = $1 ORDER BY id DESC OFFSET $2)`,
        [accountId, SESSIONS_PER_ACCOUNT_MAX],
      );
    });
    return token;
  }

  /** Replaces `token` by its successor, or finds that it had been replaced before. */
  refresh(token: string): Promise<Refresh> {
    return this.#postgres.transaction(async (tx) => {
      const row = await this.#lock(tx, token);
      if (!row || row.ended) return { kind: 'unknown' };
      const { family_id: familyId, account_id: accountId } = row;
      if (row.replaced_at === null) {
        return { kind: 'refreshed', accountId, token: await this.#rotate(tx, familyId, token) };
      }
      if (this.#clock.now() - row.replaced_at.getTime() > GRACE_MS) {
        await this.#revoke(tx, 'id', familyId);
        return { kind: 'reused' };
      }
      return { kind: 'refreshed', accountId, token: await currentSuccessor(tx, token) };
    });
  }

  /** Ends the session that `token` belongs to, whatever its state. */
  async end(token: string): Promise<void> {
    const { rows } = await this.#postgres.pool.query<{ family_id: string }>(
      'SELECT family_id FROM refresh_tokens WHERE hash = $1',
      [hashToken(token)],
    );
    if (rows[0]) await this.#revoke(this.#postgres.pool, 'id', rows[0].family_id);
  }

  /** Ends every session of an account, in the transaction that locks it. */
  async endAll(tx: Db, accountId: string): Promise<void> {
    await this.#revoke(tx, 'account_id', accountId);
  }

  /** Forgets sessions that cannot come back. */
  async tidy(): Promise<void> {
    const nowMs = this.#clock.now();
    await this.#postgres.pool.query(
      'DELETE FROM session_families WHERE expires_at < $1 OR revoked_at < $2',
      [new Date(nowMs), new Date(nowMs - REVOKED_KEPT_MS)],
    );
    await this.#postgres.pool.query('DELETE FROM refresh_tokens WHERE replaced_at < $1', [
      new Date(nowMs - SESSION_SECONDS * 1_000),
    ]);
  }

  /** The token and its family, locked: of parallel refreshes one rotates, the others see that. */
  async #lock(tx: Db, token: string): Promise<TokenRow | undefined> {
    const { rows } = await tx.query<TokenRow>(
      `SELECT t.family_id, f.account_id, t.replaced_at, t.sealed_successor,
              f.revoked_at IS NOT NULL OR f.expires_at <= $2 AS ended
       FROM refresh_tokens t JOIN session_families f ON f.id = t.family_id
       WHERE t.hash = $1 FOR UPDATE`,
      [hashToken(token), new Date(this.#clock.now())],
    );
    return rows[0];
  }

  async #rotate(tx: Db, familyId: string, token: string): Promise<string> {
    const successor = newRefreshToken();
    await insertToken(tx, familyId, successor);
    await tx.query(
      'UPDATE refresh_tokens SET replaced_at = $2, sealed_successor = $3 WHERE hash = $1',
      [hashToken(token), new Date(this.#clock.now()), sealSuccessor(token, successor)],
    );
    await tx.query('UPDATE session_families SET expires_at = $2 WHERE id = $1', [
      familyId,
      this.#expiry(),
    ]);
    return successor;
  }

  async #revoke(db: Db, column: 'id' | 'account_id', value: string): Promise<void> {
    await db.query(
      `UPDATE session_families SET revoked_at = $2 WHERE ${column} = $1 AND revoked_at IS NULL`,
      [value, new Date(this.#clock.now())],
    );
  }

  #expiry(): Date {
    return new Date(this.#clock.now() + SESSION_SECONDS * 1_000);
  }
}

async function insertToken(tx: Db, familyId: string, token: string): Promise<void> {
  await tx.query('INSERT INTO refresh_tokens (hash, family_id) VALUES ($1, $2)', [
    hashToken(token),
    familyId,
  ]);
}

/** Follows the chain from a replaced token to the one that is good now. */
async function currentSuccessor(tx: Db, replaced: string): Promise<string> {
  let token = replaced;
  for (let step = 0; step < SUCCESSORS_MAX; step++) {
    const { rows } = await tx.query<{ sealed_successor: Buffer | null }>(
      'SELECT sealed_successor FROM refresh_tokens WHERE hash = $1',
      [hashToken(token)],
    );
    const sealed = rows[0]?.sealed_successor;
    if (!sealed) break;
    token = openSuccessor(token, sealed);
  }
  return token;
}
