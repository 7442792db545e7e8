import { runCommand } from './cli.ts';
import { processEnvironment } from './config.ts';
import { openTerminal } from './ui/terminal.ts';

/** The `faultline` command. Answers the exit code: 2 for input that was not understood. */
export function main(args: readonly string[]): Promise<number> {
  const env = processEnvironment();
  return runCommand(args, { env, terminal: openTerminal(env) });
}
