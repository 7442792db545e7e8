import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { EngineError } from '../engine-error.ts';

const versions = z.object({
  /** What serves; undefined for what the manifest says. */
  serving: z.string().optional(),
  /** What was deployed last: under a Canary that may have been found bad. */
  target: z.string().optional(),
});

const deployed = z.record(z.string(), versions);

/** Which releases of which services are to run; by service, on disk. */
export class Deployed {
  readonly #path: string;
  #versions: z.output<typeof deployed> = {};
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Throws `EngineError` when the file is not what this wrote. */
  async read(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => undefined);
    if (text === undefined) return;
    try {
      this.#versions = deployed.parse(JSON.parse(text));
    } catch (cause) {
      const advice = 'remove it to start with what the manifests say';
      throw new EngineError(`read ${this.#path}: it is not what was written; ${advice}`, { cause });
    }
  }

  of(service: string): z.output<typeof versions> {
    return this.#versions[service] ?? {};
  }

  /** Resolves when it is on disk. */
  set(service: string, changes: z.output<typeof versions>): Promise<void> {
    this.#versions = { ...this.#versions, [service]: { ...this.of(service), ...changes } };
    const written = this.#writing.then(() => writeWhole(this.#path, this.#versions));
    // One that fails is for who asked for it; the next may not.
    this.#writing = written.catch(() => undefined);
    return written;
  }
}

/** Writes JSON so that a reader, or a crash, never meets half of it. */
export async function writeWhole(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${JSON.stringify(content, null, 2)}\n`);
  await rename(`${path}.new`, path);
}
