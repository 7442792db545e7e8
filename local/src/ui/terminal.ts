import type { Environment } from '../config.ts';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const codes: Readonly<Record<Style, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  cyan: 36,
};

/** Where a command writes. */
export type Terminal = {
  /** Whether a person watches standard output: then colour and lines that change are fine. */
  interactive: boolean;
  columns(): number;
  rows(): number;
  out(text: string): void;
  err(text: string): void;
  paint(style: Style, text: string): string;
};

export function openTerminal(env: Environment): Terminal {
  const interactive = process.stdout.isTTY === true && env['TERM'] !== 'dumb';
  const colour = interactive && !env['NO_COLOR'];
  // Whoever reads may have gone (`faultline logs -f | head`); that is no error.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return {
    interactive,
    columns: () => process.stdout.columns || 80,
    rows: () => process.stdout.rows || 24,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    paint: (style, text) => (colour ? `\u001B[${codes[style]}m${text}\u001B[0m` : text),
  };
}
