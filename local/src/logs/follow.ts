import { open, stat } from 'node:fs/promises';
import type { Clock } from '@faultline/chassis/clock';

const periodMs = 200;
const mostBytes = 1024 * 1024;

/**
 * Calls `onLine` for every line added to the files that `list` answers, new files included, until
 * `signal` aborts. What the files hold at the first look is not repeated.
 */
export async function followFiles(options: {
  list(): Promise<readonly string[]>;
  onLine(path: string, text: string): void;
  clock: Clock;
  signal: AbortSignal;
}): Promise<void> {
  const read = new Map<string, { inode: number; offset: number; rest: string }>();
  for (const path of await options.list()) {
    const found = await stat(path).catch(() => undefined);
    if (found) read.set(path, { inode: found.ino, offset: found.size, rest: '' });
  }
  while (!options.signal.aborted) {
    for (const path of await options.list()) {
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) continue;
      const known = read.get(path);
      // Another inode: the file was rotated, and the new one is read from its start.
      const same = known?.inode === found.ino ? known : { inode: found.ino, offset: 0, rest: '' };
      read.set(path, same);
      const text = await readFrom(path, same.offset);
      same.offset += Buffer.byteLength(text);
      const lines = (same.rest + text).split('\n');
      same.rest = lines.pop() ?? '';
      for (const line of lines) options.onLine(path, line);
    }
    await options.clock.sleep(periodMs, options.signal);
  }
}

async function readFrom(path: string, position: number): Promise<string> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(mostBytes), position });
  // Up to the last whole line: a cut in the middle of a character would garble it.
  const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
  return buffer.toString('utf8', 0, bytesRead === mostBytes && end === 0 ? bytesRead : end);
}
