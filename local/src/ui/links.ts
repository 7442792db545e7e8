import type { Terminal } from './terminal.ts';

/** Links as lines of text. */
export function formatLinks(
  links: Readonly<Record<string, string>>,
  paint: Terminal['paint'],
): string[] {
  return Object.entries(links).map(([name, url]) => `${name.padEnd(16)} ${paint('cyan', url)}`);
}
