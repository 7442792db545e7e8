import type { Db, Postgres } from '@faultline/chassis/postgres';
import type { Mail } from '@faultline/contracts/notifications';
import type { MailKind, RenderedMail } from './mail.ts';

/** A mail that waits to be rendered and sent. */
export type QueuedMail = {
  id: string;
  account_id: string;
  kind: MailKind;
  data: unknown;
  traceparent: string | null;
  attempts: number;
};

export type MailCursor = { createdAt: string; id: string };

const MAIL_COLUMNS = `id, coalesce(recipient, '') AS to, coalesce(subject, kind) AS subject,
  coalesce(body_text, '') AS text, coalesce(body_html, '') AS html, status, created_at`;

/** Mails in the database: one for each event, whatever is delivered twice. */
export class MailStore {
  readonly #postgres: Postgres;

  constructor(postgres: Postgres) {
    this.#postgres = postgres;
  }

  /** Queues the mail of an event; its id is the event's, so that a mail server can tell a repeat. */
  async enqueue(
    tx: Db,
    mail: {
      eventId: string;
      accountId: string;
      kind: MailKind;
      data: unknown;
      createdAt: string;
      traceparent: string | undefined;
    },
  ): Promise<void> {
    await tx.query(
      `INSERT INTO mails (id, event_id, account_id, kind, data, created_at, traceparent)
       VALUES ($1, $1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
      [
        mail.eventId,
        mail.accountId,
        mail.kind,
        mail.data,
        mail.createdAt,
        mail.traceparent ?? null,
      ],
    );
  }

  /**
   * Takes up to `max` due mails, of each account the oldest that it waits for: nobody should read
   * that an order is cancelled before that it was confirmed. Nobody else is given them for
   * `leaseSeconds`, after which a crash of the taker makes them due again.
   */
  async take(max: number, leaseSeconds: number): Promise<QueuedMail[]> {
    const { rows } = await this.#postgres.pool.query<QueuedMail>(
      `UPDATE mails SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $2)
       WHERE id IN (SELECT id FROM mails AS due WHERE status = 'queued' AND next_attempt_at <= now()
                    AND NOT EXISTS (SELECT FROM mails AS earlier WHERE earlier.status = 'queued'
                                    AND earlier.account_id = due.account_id
                                    AND (earlier.created_at, earlier.id) < (due.created_at, due.id))
                    ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING id, account_id, kind, data, traceparent, attempts`,
      [max, leaseSeconds],
    );
    return rows;
  }

  async settle(
    id: string,
    { status, to, mail }: { status: 'sent' | 'kept'; to: string; mail: RenderedMail },
  ): Promise<void> {
    await this.#postgres.pool.query(
      `UPDATE mails SET status = $2, recipient = $3, subject = $4, body_text = $5, body_html = $6
       WHERE id = $1 AND status = 'queued'`,
      [id, status, to, mail.subject, mail.text, mail.html],
    );
  }

  async giveUp(id: string): Promise<void> {
    await this.#postgres.pool.query("UPDATE mails SET status = 'failed' WHERE id = $1", [id]);
  }

  async retryIn(id: string, seconds: number): Promise<void> {
    await this.#postgres.pool.query(
      'UPDATE mails SET next_attempt_at = now() + make_interval(secs => $2) WHERE id = $1',
      [id, seconds],
    );
  }

  /** A page of mails, newest first, to `to` alone when given. */
  async list(options: {
    limit: number;
    after?: MailCursor | undefined;
    to?: string | undefined;
  }): Promise<Mail[]> {
    const { rows } = await this.#postgres.pool.query<
      Omit<Mail, 'created_at'> & { created_at: Date }
    >(
      `SELECT ${MAIL_COLUMNS} FROM mails
       WHERE ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
         AND ($4::text IS NULL OR recipient = $4)
       ORDER BY created_at DESC, id DESC LIMIT $1`,
      [
        options.limit,
        options.after?.createdAt ?? null,
        options.after?.id ?? null,
        options.to ?? null,
      ],
    );
    return rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() }));
  }

  async find(id: string): Promise<Mail | undefined> {
    const { rows } = await this.#postgres.pool.query<
      Omit<Mail, 'created_at'> & { created_at: Date }
    >(`SELECT ${MAIL_COLUMNS} FROM mails WHERE id = $1`, [id]);
    const [row] = rows;
    return row && { ...row, created_at: row.created_at.toISOString() };
  }
}
