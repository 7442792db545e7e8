import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ProblemError } from './errors.ts';
import type { Db } from './postgres.ts';

/** A client's key as the header carries it: 1 to 255 visible ASCII characters. */
export const idempotencyKey = z
  .string({ error: 'the Idempotency-Key header is required' })
  .regex(/^[\x21-\x7e]{1,255}$/, 'expected 1 to 255 visible ASCII characters');

/** A key counts within one principal and one operation. */
export type IdempotencyScope = { principal: string; operation: string; key: string };

/** The reply a key was answered with, kept to be given again. */
export type StoredReply = { status: number; headers: Record<string, string>; body: unknown };

/** What a claim found. `resource` is the id that the first request with this key set out to make. */
export type Claim =
  | { kind: 'new' }
  | { kind: 'replay'; reply: StoredReply }
  | { kind: 'unfinished'; resource: string };

/**
 * Inserts the key, or says what became of its first use (draft-ietf-httpapi-idempotency-key-header).
 * Call it in the transaction that creates `resource`.
 * @throws ProblemError 422 when the key was used with another body.
 */
export async function claimKey(
  tx: Db,
  scope: IdempotencyScope,
  request: { fingerprint: string; resource: string },
): Promise<Claim> {
  const { rowCount } = await tx.query(
    `INSERT INTO idempotency_keys (principal, operation, key, fingerprint, resource)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    [scope.principal, scope.operation, scope.key, request.fingerprint, request.resource],
  );
  if (rowCount === 1) return { kind: 'new' };
  const found = await findClaim(tx, scope, request.fingerprint);
  if (found) return found;
  throw new ProblemError('conflict', 'A request with this Idempotency-Key was just undone.', {
    retryable: true,
    retryAfterSeconds: 1,
  });
}

/**
 * What became of the key's first use; undefined when it was never used. For a look before any work
 * is done, and to learn the outcome of a claim whose COMMIT was not answered.
 * @throws ProblemError 422 when the key was used with another body.
 */
export async function findClaim(
  db: Db,
  scope: IdempotencyScope,
  requestFingerprint: string,
): Promise<Exclude<Claim, { kind: 'new' }> | undefined> {
  const { rows } = await db.query<{
    fingerprint: string;
    resource: string;
    reply: StoredReply | null;
  }>(
    'SELECT fingerprint, resource, reply FROM idempotency_keys WHERE principal = $1 AND operation = $2 AND key = $3',
    [scope.principal, scope.operation, scope.key],
  );
  const [row] = rows;
  if (!row) return undefined;
  if (row.fingerprint !== requestFingerprint) {
    throw new ProblemError('unprocessable', 'This Idempotency-Key was used with another request.', {
      reason: 'idempotency_key_reused',
    });
  }
  return row.reply
    ? { kind: 'replay', reply: row.reply }
    : { kind: 'unfinished', resource: row.resource };
}

/** Forgets settled keys older than `hours`; a key still at work stays, however old. */
export async function forgetKeys(db: Db, hours: number): Promise<void> {
  await db.query(
    `DELETE FROM idempotency_keys
     WHERE reply IS NOT NULL AND created_at < now() - make_interval(hours => $1)`,
    [hours],
  );
}

/** Keeps the reply for the key; call it in the transaction that settles the effect. */
export async function storeReply(
  tx: Db,
  scope: IdempotencyScope,
  reply: StoredReply,
): Promise<void> {
  await tx.query(
    `UPDATE idempotency_keys SET reply = $4
     WHERE principal = $1 AND operation = $2 AND key = $3 AND reply IS NULL`,
    [scope.principal, scope.operation, scope.key, reply],
  );
}

/** The problem for a key whose first request is still at work. */
export function stillRunning(): ProblemError {
  return new ProblemError(
    'conflict',
    'The first request with this Idempotency-Key is still running.',
    {
      reason: 'request_in_progress',
      retryable: true,
      retryAfterSeconds: 1,
    },
  );
}

/** A fingerprint of a parsed body: equal for equal values, whatever the order of their keys. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64url');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
