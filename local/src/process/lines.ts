import type { Readable } from 'node:stream';

const longestLine = 64 * 1024;

/** Calls `onLine` for each line of a stream; a line longer than 64 KiB is cut into pieces. */
export function eachLine(source: Readable, onLine: (line: string) => void): void {
  let rest = '';
  source.setEncoding('utf8');
  source.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (rest.length > longestLine) {
      onLine(rest);
      rest = '';
    }
  });
  source.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
