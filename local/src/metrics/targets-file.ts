import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetGroup } from './targets.ts';

/** Where Prometheus reads its targets, below its directory. */
export function targetsPath(dir: string): string {
  return join(dir, 'targets.json');
}

/**
 * Prometheus' list of targets on disk. Writes are whole and one at a time; of several that come
 * while one is under way only the last is made.
 */
export class TargetsFile {
  readonly #dir: string;
  #latest = '';
  #written = '';
  #writing: Promise<void> | undefined;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Resolves when this list, or a later one, is on disk. */
  write(targets: readonly TargetGroup[]): Promise<void> {
    this.#latest = `${JSON.stringify(targets, undefined, 1)}\n`;
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    const path = targetsPath(this.#dir);
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    while (this.#written !== this.#latest) {
      const text = this.#latest;
      // Read while it is written, half a list would be one without the other half.
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
      this.#written = text;
    }
  }
}
