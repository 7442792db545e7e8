import { z } from 'zod';

const source = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('working-tree') }),
  z.object({ kind: z.literal('folder'), path: z.string() }),
  z.object({ kind: z.literal('git'), ref: z.string() }),
]);

/** A version of a service, as it was when it was made. Its code never changes. */
export const release = z.object({
  service: z.string(),
  version: z.string(),
  /** SHA-256 of its files' names and contents. */
  content_hash: z.string(),
  created_at: z.string(),
  author: z.string(),
  source,
  /** The name of a patch that was applied to the source. */
  patch: z.string().nullable(),
  /** Environment variables that it runs with, besides those of its manifest. */
  env: z.record(z.string(), z.string()),
  /** Compared with the version it was made after. */
  diff: z.object({
    against: z.string().nullable(),
    files: z.array(z.object({ path: z.string(), added: z.number(), removed: z.number() })),
  }),
  /** The checks that were passed over. */
  skipped: z.array(z.enum(['typecheck', 'tests', 'contracts'])),
  workspaces: z.array(z.object({ name: z.string(), folder: z.string() })),
});
export type Release = z.output<typeof release>;

/** A service's image tag and label values allow these, up to 63 of them. */
export const releaseVersion = z
  .string()
  .regex(/^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/, 'expected a version such as 1.2.0');
