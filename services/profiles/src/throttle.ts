import { createHash } from 'node:crypto';
import { addressGroup } from '@faultline/chassis/client-address';
import type { Clock } from '@faultline/chassis/clock';
import { ProblemError } from '@faultline/chassis/errors';
import type { Db } from '@faultline/chassis/postgres';

/** How many failures are allowed in one window, for one account and for one source. */
export type ThrottleLimits = { perAccount: number; perSource: number; windowMs: number };

/** A source may be an office or a campus; an account has one owner. */
export const defaultThrottleLimits: ThrottleLimits = {
  perAccount: 10,
  perSource: 200,
  windowMs: 5 * 60_000,
};

/** Who tries: an e-mail address, known or not, from an address. */
export type Attempt = { email: string; clientAddress: string | undefined };

/**
 * Slows down guessing. An attempt is counted before it is judged, so that a thousand at once count
 * a thousand times, and is given back when it was none: what stays are failures.
 */
export class Throttle {
  readonly #options: { db: Db; clock: Clock; limits: ThrottleLimits };

  constructor(options: { db: Db; clock: Clock; limits?: ThrottleLimits }) {
    this.#options = { limits: defaultThrottleLimits, ...options };
  }

  /** @throws ProblemError `too_many_requests` when the account or the source has failed too often. */
  async count(attempt: Attempt): Promise<void> {
    const { perAccount, perSource } = this.#options.limits;
    await this.#take(sourceSubject(attempt), perSource);
    await this.#take(accountSubject(attempt), perAccount);
  }

  /** The attempt succeeded: its source has one failure less, its account none. */
  async forgive(attempt: Attempt): Promise<void> {
    const { db } = this.#options;
    await db.query('DELETE FROM throttle_windows WHERE subject = $1', [accountSubject(attempt)]);
    await db.query(
      'UPDATE throttle_windows SET attempts = attempts - 1 WHERE subject = $1 AND attempts > 0',
      [sourceSubject(attempt)],
    );
  }

  /** Forgets windows that have ended. */
  async tidy(): Promise<void> {
    const { db, clock } = this.#options;
    await db.query('DELETE FROM throttle_windows WHERE ends_at <= $1', [new Date(clock.now())]);
  }

  async #take(subject: string, limit: number): Promise<void> {
    const { db, clock, limits } = this.#options;
    const nowMs = clock.now();
    const { rows } = await db.query<{ attempts: number; ends_at: Date }>(
      `INSERT INTO throttle_windows AS w (subject, attempts, ends_at) VALUES ($1, 1, $3)
       ON CONFLICT (subject) DO UPDATE SET
         attempts = CASE WHEN w.ends_at <= $2 THEN 1 ELSE least(w.attempts + 1, $4 + 1) END,
         ends_at = CASE WHEN w.ends_at <= $2 THEN $3 ELSE w.ends_at END
       RETURNING attempts, ends_at`,
      [subject, new Date(nowMs), new Date(nowMs + limits.windowMs), limit],
    );
    const [row] = rows;
    if (!row || row.attempts <= limit) return;
    // Requests overtake each other: the window may have begun after this one's clock was read.
    const leftMs = Math.min(limits.windowMs, row.ends_at.getTime() - nowMs);
    throw new ProblemError('too_many_requests', 'Too many attempts. Try again later.', {
      reason: 'too_many_attempts',
      retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1_000)),
    });
  }
}

function sourceSubject({ clientAddress }: Attempt): string {
  return `source:${addressGroup(clientAddress ?? 'unknown')}`;
}

/** Hashed: people mistype, and nobody who has no account here left his address to be kept. */
function accountSubject({ email }: Attempt): string {
  return `account:${createHash('sha256').update(email).digest('base64url')}`;
}
