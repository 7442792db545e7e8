import type { z } from 'zod';
import { ProblemError } from './errors.ts';

/** A position in a list as the opaque text that clients hand back. */
export function encodeCursor(position: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * Reads a cursor back; undefined when there is none.
 * @throws ProblemError `invalid_request` when it was not made by {@link encodeCursor} for `schema`.
 */
export function decodeCursor<S extends z.ZodType>(
  schema: S,
  cursor: string | undefined,
): z.output<S> | undefined {
  if (cursor === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch (cause) {
    throw new ProblemError('invalid_request', 'The cursor is not one of this list.', { cause });
  }
  const result = schema.safeParse(value);
  if (!result.success)
    throw new ProblemError('invalid_request', 'The cursor is not one of this list.');
  return result.data;
}

/**
 * Cuts one item more than `limit` off a list that was read with `limit + 1`, and says where the
 * next page starts.
 */
export function toPage<T>(
  items: readonly T[],
  limit: number,
  position: (last: T) => Readonly<Record<string, unknown>>,
): { items: T[]; next_cursor: string | null } {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  const more = items.length > limit && last !== undefined;
  return { items: shown, next_cursor: more ? encodeCursor(position(last)) : null };
}
