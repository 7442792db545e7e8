import type { Db } from '@faultline/chassis/postgres';
import {
  inventoryEvents,
  type Availability,
  type StockItem,
  type StockLevel,
} from '@faultline/contracts/inventory';
import type { InventoryDeps } from './deps.ts';
import type { Bucket } from './reservation.ts';

type Row = Omit<StockLevel, 'updated_at'> & { updated_at: Date };
type Events = Pick<InventoryDeps, 'outbox'>;

const columns = 'product_id, received, available, reserved, sold, version, updated_at';

function toLevel(row: Row): StockLevel {
  return { ...row, updated_at: row.updated_at.toISOString() };
}

/** The level of one product. */
export async function findStock(db: Db, productId: string): Promise<StockLevel | undefined> {
  const { rows } = await db.query<Row>(`SELECT ${columns} FROM stock WHERE product_id = $1`, [
    productId,
  ]);
  return rows[0] && toLevel(rows[0]);
}

/** Up to `limit` levels ordered by product, after the product `after`, of less than `below`. */
export async function listStock(
  db: Db,
  page: { after: string | undefined; below: number | undefined; limit: number },
): Promise<StockLevel[]> {
  const { rows } = await db.query<Row>(
    `SELECT ${columns} FROM stock
     WHERE ($1::uuid IS NULL OR product_id > $1) AND ($3::integer IS NULL OR available < $3)
     ORDER BY product_id LIMIT $2`,
    [page.after ?? null, page.limit, page.below ?? null],
  );
  return rows.map(toLevel);
}

/** What is available of each product, in the order asked for; nothing of unknown ones. */
export async function findAvailability(
  db: Db,
  productIds: readonly string[],
): Promise<Availability[]> {
  const { rows } = await db.query<Availability>(
    'SELECT product_id, available FROM stock WHERE product_id = ANY($1)',
    [productIds],
  );
  const available = new Map(rows.map((row) => [row.product_id, row.available]));
  return [...new Set(productIds)].map((id) => ({
    product_id: id,
    available: available.get(id) ?? 0,
  }));
}

/** Locks the products' rows in the order of their ids, which is what keeps deadlocks away. */
export async function lockAvailable(
  tx: Db,
  productIds: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await tx.query<Availability>(
    `SELECT product_id, available FROM stock WHERE product_id = ANY($1)
     ORDER BY product_id FOR UPDATE`,
    [productIds],
  );
  return new Map(rows.map((row) => [row.product_id, row.available]));
}

/** Moves pieces from one bucket to another; the rows must be locked already. */
export async function moveStock(
  tx: Db,
  { outbox }: Events,
  move: { items: readonly StockItem[]; from: Bucket; to: Bucket },
): Promise<void> {
  const { items, from, to } = move;
  const { rows } = await tx.query<Row>(
    `UPDATE stock SET ${from} = ${from} - moved.quantity, ${to} = ${to} + moved.quantity,
       version = version + 1, updated_at = now()
     FROM unnest($1::uuid[], $2::int[]) AS moved (id, quantity)
     WHERE product_id = moved.id
     RETURNING ${columns}`,
    [items.map((item) => item.product_id), items.map((item) => item.quantity)],
  );
  for (const row of rows) await announce(tx, { outbox }, row);
}

/** Creates a product's stock; undefined when it exists, which is then left as it is. */
export async function createStock(
  tx: Db,
  { outbox }: Events,
  stock: { productId: string; available: number },
): Promise<StockLevel | undefined> {
  const { rows } = await tx.query<Row>(
    `INSERT INTO stock (product_id, received, available) VALUES ($1, $2, $2)
     ON CONFLICT DO NOTHING RETURNING ${columns}`,
    [stock.productId, stock.available],
  );
  const [row] = rows;
  if (!row) return undefined;
  await announce(tx, { outbox }, row);
  return toLevel(row);
}

/** Sets what is available when the version is still `version`; undefined when it is not. */
export async function replaceAvailable(
  tx: Db,
  { outbox }: Events,
  stock: { productId: string; available: number; version: number },
): Promise<StockLevel | undefined> {
  const { rows } = await tx.query<Row>(
    `UPDATE stock SET received = received - available + $2, available = $2,
       version = version + 1, updated_at = now()
     WHERE product_id = $1 AND version = $3 RETURNING ${columns}`,
    [stock.productId, stock.available, stock.version],
  );
  const [row] = rows;
  if (!row) return undefined;
  await announce(tx, { outbox }, row);
  return toLevel(row);
}

async function announce(tx: Db, { outbox }: Events, row: Row): Promise<void> {
  const type = 'stock.changed';
  await outbox.append(tx, inventoryEvents.stream, {
    type,
    version: inventoryEvents.types[type].version,
    subject: row.product_id,
    sequence: row.version,
    data: { product_id: row.product_id, available: row.available },
  });
}
