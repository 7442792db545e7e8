import { open } from 'node:fs/promises';

const mostBytes = 1024 * 1024;

/** The last lines of a file, from at most its last MiB; none when there is no such file. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - mostBytes);
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(size - start),
      position: start,
    });
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    if (lines.at(-1) === '') lines.pop();
    // The first line is whole only when reading began at the file's start.
    const whole = start > 0 ? lines.slice(1) : lines;
    return count > 0 ? whole.slice(-count) : [];
  } finally {
    await file.close();
  }
}
