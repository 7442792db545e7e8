import type { Db, Postgres } from '@faultline/chassis/postgres';
import type { Image, Rendition } from '@faultline/contracts/images';
import type { EncodedRendition, Rejection } from './decoder/protocol.ts';
import { createHash } from 'node:crypto';

export type StoredImage = Image & { owner_id: string };

/** An attempt at a picture: which one it is, and what to work on. */
export type Attempt = { imageId: string; number: number; original: Buffer };

const MEDIA_TYPE = 'image/webp';

/** Adds a queued picture; false when there is one of that id already. */
export async function insertImage(
  tx: Db,
  image: { id: string; ownerId: string; original: Buffer },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO images (id, owner_id, original) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
    [image.id, image.ownerId, image.original],
  );
  return rowCount === 1;
}

export async function findImage(postgres: Postgres, id: string): Promise<StoredImage | undefined> {
  const rows = await query<StoredImage>(
    postgres,
    `SELECT i.id, i.owner_id, i.status, i.reason, coalesce((
       SELECT jsonb_agg(jsonb_build_object('width', r.width, 'height', r.height,
         'media_type', $2::text, 'url', '/media/' || r.hash || '.webp') ORDER BY r.width)
       FROM renditions r WHERE r.image_id = i.id), '[]') AS renditions
     FROM images i WHERE i.id = $1`,
    [id, MEDIA_TYPE],
  );
  return rows[0];
}

/** How many pictures wait or are being worked on. */
export async function countUnfinished(postgres: Postgres, statuses: string[]): Promise<number> {
  const [row] = await query<{ count: number }>(
    postgres,
    'SELECT count(*)::int AS count FROM images WHERE status = ANY($1)',
    [statuses],
  );
  return row?.count ?? 0;
}

/** Begins another attempt; undefined when the picture is unknown or finished. */
export async function beginAttempt(
  postgres: Postgres,
  imageId: string,
): Promise<Attempt | undefined> {
  const [row] = await query<{ attempts: number; original: Buffer }>(
    postgres,
    `UPDATE images SET status = 'processing', attempts = attempts + 1, version = version + 1,
       updated_at = now()
     WHERE id = $1 AND status IN ('queued', 'processing') RETURNING attempts, original`,
    [imageId],
  );
  return row && { imageId, number: row.attempts, original: row.original };
}

/**
 * Ends the picture's processing. The version it then has, or undefined when another attempt has
 * begun meanwhile: its result is the one that counts.
 */
export async function finish(
  tx: Db,
  attempt: Pick<Attempt, 'imageId' | 'number'>,
  reason: Rejection | null,
): Promise<number | undefined> {
  const { rows } = await tx.query<{ version: number }>(
    `UPDATE images SET status = $3, reason = $4, original = NULL, version = version + 1,
       updated_at = now()
     WHERE id = $1 AND attempts = $2 AND status = 'processing' RETURNING version`,
    [attempt.imageId, attempt.number, reason === null ? 'ready' : 'rejected', reason],
  );
  return rows[0]?.version;
}

/** Keeps renditions by their content and says where each is found. */
export async function storeRenditions(
  tx: Db,
  imageId: string,
  renditions: readonly EncodedRendition[],
): Promise<Rendition[]> {
  const stored: Rendition[] = [];
  for (const { width, height, bytes } of renditions) {
    const hash = createHash('sha256').update(bytes).digest('hex');
    await tx.query('INSERT INTO blobs (hash, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      hash,
      Buffer.from(bytes),
    ]);
    await tx.query(
      'INSERT INTO renditions (image_id, width, height, hash) VALUES ($1, $2, $3, $4)',
      [imageId, width, height, hash],
    );
    stored.push({ width, height, media_type: MEDIA_TYPE, url: `/media/${hash}.webp` });
  }
  return stored;
}

export async function readBlob(postgres: Postgres, hash: string): Promise<Buffer | undefined> {
  const sql = 'SELECT bytes FROM blobs WHERE hash = $1';
  return (await query<{ bytes: Buffer }>(postgres, sql, [hash]))[0]?.bytes;
}

async function query<Row>(
  { pool }: Postgres,
  sql: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const { rows } = await pool.query(sql, [...values]);
  return rows;
}
