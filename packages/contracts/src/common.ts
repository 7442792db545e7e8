import { z } from 'zod';

/** Canonical lower-case UUID; ours are version 7. */
export const id = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'expected a UUID');

/** Text people typed: trimmed, not empty, free of control characters other than line breaks. */
export function text(maxLength: number): z.ZodType<string, string> {
  return z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(/^(?:\P{Cc}|\n)*$/u, 'control characters are not allowed');
}

/** ISO 4217, of which the shop speaks three. */
export const currency = z.enum(['EUR', 'USD', 'GBP']);

/** An amount in minor units (cents). Never a float. */
export const money = z.strictObject({
  amount: z.number().int().min(0).max(100_000_000),
  currency,
});
export type Money = z.output<typeof money>;

/** RFC 3339 UTC. */
export const timestamp = z.iso.datetime();

/** Opaque position in a list; the next page starts after it. */
export const cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,512}$/, 'expected a cursor from a previous page');

export const limit = z.coerce.number().int().min(1).max(100);

/** Query of a list: a bounded page. */
export const pageQuery = z.strictObject({ limit: limit.default(20), cursor: cursor.optional() });

/** A page of `items` and the cursor of the next one, null at the end. */
export function page<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() });
}

export const idParams = z.strictObject({ id });

/** RFC 9457 problem details with the shop's extensions. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  instance: z.string(),
  trace_id: z.string(),
  retryable: z.boolean(),
  reason: z.string().optional(),
  dependency: z.string().optional(),
});
export type Problem = z.output<typeof problem>;
