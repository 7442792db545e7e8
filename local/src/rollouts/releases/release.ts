import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Where a release's code is taken from. */
export const releaseSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('working-tree') }),
  z.object({ kind: z.literal('folder'), path: z.string() }),
  z.object({ kind: z.literal('git'), ref: z.string() }),
]);

/** A version of a service, as it was when it was made. Its code never changes. */
const release = z.object({
  service: z.string(),
  version: z.string(),
  /** SHA-256 of its files' names and contents. */
  content_hash: z.string(),
  created_at: z.string(),
  author: z.string(),
  source: releaseSource,
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

/** The release that a folder holds; undefined when there is none. */
export async function readRelease(folder: string): Promise<Release | undefined> {
  const text = await readFile(join(folder, 'release.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : release.parse(JSON.parse(text));
}
