import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { AuthorityPem } from './authority.ts';

const pair = z.strictObject({ certificatePem: z.string(), keyPem: z.string() });

const schema = z.strictObject({
  /** The newest last. Those whose key is elsewhere have none here. */
  anchors: z
    .array(z.strictObject({ certificatePem: z.string(), keyPem: z.string().optional() }))
    .min(1),
  issuer: pair,
  /** Start-up tokens are derived from it. */
  tokenSecret: z.string().min(32),
});

/** What is kept of the mesh's trust. */
export type TrustState = {
  readonly anchors: readonly {
    readonly certificatePem: string;
    readonly keyPem?: string | undefined;
  }[];
  readonly issuer: AuthorityPem;
  readonly tokenSecret: string;
};

/** The file `trust.json` in a folder that only this user can read. */
export class TrustStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** What was kept, or undefined the first time. Throws when the file is there but broken. */
  async read(): Promise<TrustState | undefined> {
    const path = join(this.#dir, 'trust.json');
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new Error(`read ${path}: expected the mesh's keys; delete it to make new ones`, {
        cause,
      });
    }
  }

  /** Replaces what was kept, in one step. */
  async write(state: TrustState): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await chmod(this.#dir, 0o700);
    const path = join(this.#dir, 'trust.json');
    await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
}
