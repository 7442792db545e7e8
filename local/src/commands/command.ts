import type { ParseArgsOptionsConfig } from 'node:util';
import type { Environment } from '../config.ts';
import type { Terminal } from '../ui/terminal.ts';

/** What a command is given, its arguments checked for number and its flags for name. */
export type Invocation = {
  args: readonly string[];
  flags: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  json: boolean;
  /** The project to run or that runs. */
  root: string;
  dataDir: string;
  env: Environment;
  terminal: Terminal;
};

/** A sub-command. Adding one is a file and a line in list.ts. */
export type Command = {
  name: string;
  /** Arguments as shown in the help: `<required>` and `[optional]`. */
  args: string;
  summary: string;
  example: string;
  /** Flags besides --json, --data-dir, --root and --help, each with its help text. */
  options: Readonly<Record<string, ParseArgsOptionsConfig[string] & { help: string }>>;
  /** Answers the exit code. */
  run(invocation: Invocation): Promise<number>;
};

/** Input that was not understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A flag's value, or `undefined` when it was not given. */
export function textFlag({ flags }: Invocation, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** An argument or flag as a whole number. */
export function wholeNumber(what: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${what}: expected a whole number, not '${text}'`);
}

/** Writes one JSON document. */
export function printJson({ terminal }: Invocation, value: unknown): void {
  terminal.out(`${JSON.stringify(value, null, terminal.interactive ? 2 : undefined)}\n`);
}
