import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';

/** Editors save in several steps. */
const quietMs = 80;
const ignored = /^(node_modules|dist|test|\.git)$|\.test\.ts$|~$/;

type Watch = (
  folder: string,
  options: { signal: AbortSignal },
  listener: (event: string, name: string | null) => void,
) => FSWatcher;

/** A folder by what it is, since another may come in its place. */
type Watched = { identity: string; watcher: FSWatcher };

/** What the system allows of watching is used up. */
const limits: Readonly<Record<string, string>> = {
  ENOSPC: 'fs.inotify.max_user_watches',
  EMFILE: 'fs.inotify.max_user_instances',
};

/**
 * What is saved in some folders; saves that come close together are one change. Each folder is
 * watched by itself: Node's recursive watch loses a file on Linux when another takes its place, as
 * editors do when they save.
 */
export class Changes {
  readonly #stopped = new AbortController();
  readonly #watched = new Map<string, Watched>();
  readonly #watch: Watch;
  #changed = Promise.withResolvers<void>();
  #failure: Error | undefined;

  constructor(folders: readonly string[], watchFolder: Watch = watch) {
    this.#watch = watchFolder;
    for (const folder of folders) this.#follow(folder);
  }

  /**
   * Resolves after the next change; false when nobody asks any more.
   * @throws Error with the remedy when the system lets no more folders be watched.
   */
  async next(): Promise<boolean> {
    await this.#changed.promise;
    await systemClock.sleep(quietMs, this.#stopped.signal);
    if (this.#failure) throw this.#failure;
    this.#changed = Promise.withResolvers<void>();
    return !this.#stopped.signal.aborted;
  }

  stop(): void {
    this.#stopped.abort();
    this.#changed.resolve();
  }

  /** One that cannot be watched is forgotten; the deploy that misses it says so. */
  #follow(folder: string): void {
    try {
      this.#keepWatching(folder);
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.isDirectory() && !ignored.test(entry.name)) {
          this.#follow(join(folder, entry.name));
        }
      }
    } catch (error) {
      this.#forget(folder);
      this.#failAtLimit(folder, error);
    }
  }

  #keepWatching(folder: string): void {
    // A file system may give a number again at once, though not with the same time.
    const { ino, birthtimeMs } = statSync(folder);
    const identity = `${ino} ${birthtimeMs}`;
    if (this.#watched.get(folder)?.identity === identity) return;
    this.#forget(folder);
    const { signal } = this.#stopped;
    const watcher = this.#watch(folder, { signal }, (_, name) => this.#see(folder, name));
    watcher.on('error', () => this.#forget(folder));
    this.#watched.set(folder, { identity, watcher });
  }

  #forget(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }

  /** Saves would go unnoticed from now on. */
  #failAtLimit(folder: string, error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const limit = limits[code];
    if (limit === undefined) return;
    const remedy = `raise the limit with \`sudo sysctl ${limit}=…\``;
    this.#failure ??= new Error(`cannot watch ${folder}: ${code}; ${remedy}`, { cause: error });
    this.stop();
  }

  #see(folder: string, name: string | null): void {
    if (name !== null && ignored.test(name)) return;
    this.#changed.resolve();
    // It may have been a new folder, or another in the place of this one.
    this.#follow(folder);
  }
}
