import { existsSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';

/** Editors save in several steps. */
const quietMs = 80;
const ignored = /^(node_modules|dist|test|\.git)$|\.test\.ts$|~$/;

/**
 * What is saved in some folders; saves that come close together are one change. Each folder is
 * watched by itself: Node's recursive watch loses a file on Linux when another takes its place, as
 * editors do when they save.
 */
export class Changes {
  readonly #stopped = new AbortController();
  readonly #watched = new Set<string>();
  #changed = Promise.withResolvers<void>();

  constructor(folders: readonly string[]) {
    for (const folder of folders) this.#follow(folder);
  }

  /** Resolves after the next change; false when nobody asks any more. */
  async next(): Promise<boolean> {
    await this.#changed.promise;
    await systemClock.sleep(quietMs, this.#stopped.signal);
    this.#changed = Promise.withResolvers<void>();
    return !this.#stopped.signal.aborted;
  }

  stop(): void {
    this.#stopped.abort();
    this.#changed.resolve();
  }

  #follow(folder: string): void {
    if (!this.#watched.has(folder)) {
      this.#watched.add(folder);
      const { signal } = this.#stopped;
      const watcher = watch(folder, { signal }, (_, name) => this.#see(folder, name));
      // One that went away may come back; the deploy that misses it says so.
      watcher.on('error', () => this.#watched.delete(folder));
    }
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && !ignored.test(entry.name)) this.#follow(join(folder, entry.name));
    }
  }

  #see(folder: string, name: string | null): void {
    if (name !== null && ignored.test(name)) return;
    this.#changed.resolve();
    // It may have been a new folder.
    if (existsSync(folder)) this.#follow(folder);
    else this.#watched.delete(folder);
  }
}
