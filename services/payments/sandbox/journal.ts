import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * An append-only file of JSON lines. A line counts once `append` has resolved: it is on the disk
 * then. Lines that wait while the disk is at work are written together.
 */
export class Journal {
  readonly #file: FileHandle;
  #waiting: string[] = [];
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /**
   * Reads the lines in `dir`, rewrites them as `compact` returns them and goes on after them. A
   * half-written last line was never confirmed to anybody and is dropped.
   */
  static async open(
    dir: string,
    compact: (lines: string[]) => string[],
  ): Promise<{ journal: Journal; lines: string[] }> {
    await mkdir(dir, { recursive: true });
    const path = join(dir, 'charges.jsonl');
    const complete = (await readIfThere(path)).split('\n').slice(0, -1);
    const lines = compact(complete);
    const fresh = await open(`${path}.new`, 'w');
    await fresh.writeFile(lines.map((line) => `${line}\n`).join(''));
    await fresh.sync();
    await rename(`${path}.new`, path);
    return { journal: new Journal(fresh), lines };
  }

  append(line: string): Promise<void> {
    this.#waiting.push(line);
    this.#next ??= this.#last.then(() => this.#write());
    this.#last = this.#next;
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }

  async #write(): Promise<void> {
    this.#next = undefined;
    const lines = this.#waiting.splice(0);
    await this.#file.write(lines.map((line) => `${line}\n`).join(''));
    await this.#file.datasync();
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
