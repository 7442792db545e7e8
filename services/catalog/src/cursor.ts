import { createHash } from 'node:crypto';
import { decodeCursor } from '@faultline/chassis/cursor';
import { ProblemError } from '@faultline/chassis/errors';
import { id } from '@faultline/contracts/common';
import { z } from 'zod';

/** Where a page ended, and in which list: the sort key of its last product, as text, and its id. */
const position = z.strictObject({ list: z.string(), key: z.string().regex(/^[^\0]*$/), id });
export type Position = z.output<typeof position>;

/** A few characters that stand for a query: its words, filters and order, not its page. */
export function fingerprint(query: unknown): string {
  return createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 12);
}

/**
 * The position a cursor of `list` stands for; undefined without a cursor.
 * @throws ProblemError `invalid_request` for a cursor that is not ours, or of another list.
 */
export function positionOf(cursor: string | undefined, list: string): Position | undefined {
  const found = decodeCursor(position, cursor);
  if (found && found.list !== list) {
    throw new ProblemError('invalid_request', 'The cursor belongs to another query.');
  }
  return found;
}
