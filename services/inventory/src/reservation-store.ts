import type { Db } from '@faultline/chassis/postgres';
import type { Reservation, StockItem } from '@faultline/contracts/inventory';
import type { ReservationStatus } from './reservation.ts';

type Row = Omit<Reservation, 'expires_at'> & { expires_at: Date };

/** A reservation that nobody else can change until the transaction ends. */
export type LockedReservation = Reservation & { overdue: boolean };

const columns = 'id, status, items, expires_at';

function toReservation(row: Row): Reservation {
  const { id, status, items } = row;
  return { id, status, items, expires_at: row.expires_at.toISOString() };
}

export async function findReservation(db: Db, id: string): Promise<Reservation | undefined> {
  const { rows } = await db.query<Row>(`SELECT ${columns} FROM reservations WHERE id = $1`, [id]);
  return rows[0] && toReservation(rows[0]);
}

/**
 * Inserts a reservation; undefined when the id is taken. Waits for a transaction that is inserting
 * the same id, so that of several only one goes on.
 */
export async function insertReservation(
  tx: Db,
  reservation: { id: string; status: ReservationStatus; items: StockItem[]; ttlSeconds: number },
): Promise<Reservation | undefined> {
  const { rows } = await tx.query<Row>(
    `INSERT INTO reservations (id, status, items, expires_at)
     VALUES ($1, $2, $3, now() + make_interval(secs => $4))
     ON CONFLICT DO NOTHING RETURNING ${columns}`,
    [reservation.id, reservation.status, JSON.stringify(reservation.items), reservation.ttlSeconds],
  );
  return rows[0] && toReservation(rows[0]);
}

export async function lockReservation(tx: Db, id: string): Promise<LockedReservation | undefined> {
  const { rows } = await tx.query<Row & { overdue: boolean }>(
    `SELECT ${columns}, expires_at <= now() AS overdue FROM reservations WHERE id = $1 FOR UPDATE`,
    [id],
  );
  return rows[0] && { ...toReservation(rows[0]), overdue: rows[0].overdue };
}

/** The held reservations whose time is over, longest first, up to `limit`. */
export async function findOverdue(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM reservations WHERE status = 'reserved' AND expires_at <= now()
     ORDER BY expires_at LIMIT $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}

/** Locks a held reservation whose time is over, unless somebody is working on it. */
export async function lockOverdue(tx: Db, id: string): Promise<LockedReservation | undefined> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM reservations
     WHERE id = $1 AND status = 'reserved' AND expires_at <= now() FOR UPDATE SKIP LOCKED`,
    [id],
  );
  return rows[0] && { ...toReservation(rows[0]), overdue: true };
}

export async function setStatus(tx: Db, id: string, status: ReservationStatus): Promise<void> {
  await tx.query('UPDATE reservations SET status = $2, updated_at = now() WHERE id = $1', [
    id,
    status,
  ]);
}
