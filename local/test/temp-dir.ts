import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder that goes at the end of its scope. */
export class TempDir implements Disposable {
  // The space stands for all the paths that people have.
  readonly path = mkdtempSync(join(tmpdir(), 'fl a-'));

  join(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  write(name: string, content: string): string {
    const path = this.join(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
