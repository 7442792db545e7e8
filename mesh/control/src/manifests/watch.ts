import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Clock } from '@faultline/chassis/clock';

const quietMs = 100;

/**
 * Calls `onChange` when files in `dirs` have changed and then been left alone for a moment. Folders
 * that do not exist are not watched. The answer stops it.
 */
export async function watchFolders(options: {
  dirs: readonly string[];
  clock: Clock;
  onChange(): void;
}): Promise<() => void> {
  const { dirs, clock, onChange } = options;
  const stopped = new AbortController();
  let latest = new AbortController();
  const changed = () => {
    latest.abort();
    latest = new AbortController();
    const { signal } = latest;
    const either = AbortSignal.any([signal, stopped.signal]);
    void clock.sleep(quietMs, either).then(() => {
      if (!either.aborted) onChange();
    });
  };
  const watchers: FSWatcher[] = [];
  for (const dir of dirs) {
    if (!(await isFolder(dir))) continue;
    const watcher = watch(dir, changed);
    // A folder that goes away is a change: what was in it is gone.
    watcher.on('error', changed);
    watchers.push(watcher);
  }
  return () => {
    stopped.abort();
    for (const watcher of watchers) watcher.close();
  };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
