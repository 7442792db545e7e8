import { ProblemError } from '@faultline/chassis/errors';
import { type Db, sqlState } from '@faultline/chassis/postgres';
import type { Product, ProductDraft } from '@faultline/contracts/catalog';
import { priceLabel } from './price-label.ts';

/** A product with its pictures, as the columns below read it. */
export type ProductRow = {
  id: string;
  doc: ProductDraft;
  images: Product['images'];
  status: Product['status'];
  version: number;
  created_at: Date;
  updated_at: Date;
};

/** The columns of a {@link ProductRow}, of a table or subquery named `p`. */
export const PRODUCT_COLUMNS = `p.id, p.doc, p.status, p.version, p.created_at, p.updated_at,
  coalesce((
    SELECT jsonb_agg(
      jsonb_build_object('image_id', r.image_id, 'renditions', r.renditions) ORDER BY listed.place)
    FROM jsonb_array_elements_text(p.doc -> 'image_ids') WITH ORDINALITY AS listed (id, place)
    JOIN product_image_renditions r ON r.image_id = listed.id::uuid
  ), '[]') AS images`;

/** The product as the API shows it. */
export function toProduct(row: ProductRow): Product {
  return {
    id: row.id,
    ...row.doc,
    price_label: priceLabel,
    images: row.images,
    status: row.status,
    version: row.version,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** @throws ProblemError `conflict` when the slug is taken. */
export async function insertProduct(tx: Db, id: string, draft: ProductDraft): Promise<Product> {
  const sql = `WITH p AS (INSERT INTO products (id, doc) VALUES ($1, $2) RETURNING *)
    SELECT ${PRODUCT_COLUMNS} FROM p`;
  const { rows } = await tx.query<ProductRow>(sql, [id, draft]).catch(refuseTakenSlug(draft));
  return toProduct(only(rows));
}

/**
 * The product as `draft` says, or undefined when it is not of `version`. An archived one stays
 * archived unless `status` puts it back on sale.
 */
export async function replaceProduct(
  tx: Db,
  { id, version, status }: { id: string; version: number; status?: 'active' | undefined },
  draft: ProductDraft,
): Promise<Product | undefined> {
  const sql = `WITH p AS (
      UPDATE products SET doc = $3, version = version + 1, updated_at = now(),
        status = coalesce($4, status)
      WHERE id = $1 AND version = $2 RETURNING *)
    SELECT ${PRODUCT_COLUMNS} FROM p`;
  const { rows } = await tx
    .query<ProductRow>(sql, [id, version, draft, status ?? null])
    .catch(refuseTakenSlug(draft));
  return rows[0] && toProduct(rows[0]);
}

/** The version of the product that has just been archived, or undefined when none was active. */
export async function archiveActive(tx: Db, id: string): Promise<number | undefined> {
  const { rows } = await tx.query<{ version: number }>(
    `UPDATE products SET status = 'archived', version = version + 1, updated_at = now()
     WHERE id = $1 AND status = 'active' RETURNING version`,
    [id],
  );
  return rows[0]?.version;
}

/** Whether the product is on sale, archived, or was never there. */
export async function statusOf(tx: Db, id: string): Promise<Product['status'] | undefined> {
  const sql = 'SELECT status FROM products WHERE id = $1';
  const { rows } = await tx.query<{ status: Product['status'] }>(sql, [id]);
  return rows[0]?.status;
}

function only(rows: ProductRow[]): ProductRow {
  const [row] = rows;
  if (!row) throw new Error('INSERT INTO products returned no row');
  return row;
}

function refuseTakenSlug(draft: ProductDraft): (error: unknown) => never {
  return (error) => {
    if (sqlState(error) !== '23505') throw error;
    throw new ProblemError('conflict', `Another product has the slug ${draft.slug}.`, {
      reason: 'slug_taken',
      cause: error,
    });
  };
}
