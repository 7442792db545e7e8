import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ManifestError } from '@faultline/mesh-control/manifests/problem';
import { UsageError, type Command, type Invocation } from './commands/command.ts';
import { commands } from './commands/list.ts';
import type { Environment } from './config.ts';
import { EngineError } from './engine-error.ts';
import type { Terminal } from './ui/terminal.ts';

type Surroundings = { env: Environment; terminal: Terminal };

const common: Command['options'] = {
  json: { type: 'boolean', help: 'answer as one JSON document' },
  'data-dir': { type: 'string', help: 'where the system keeps its state (default .faultline)' },
  root: { type: 'string', help: 'the project to run (default this checkout)' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
};

/** Runs `faultline <args>`; answers the exit code. */
export async function runCommand(args: readonly string[], around: Surroundings): Promise<number> {
  const { terminal } = around;
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      terminal.out(overview());
      return name === undefined ? 2 : 0;
    }
    const command = commands.find((candidate) => candidate.name === name);
    if (command === undefined) {
      const known = commands.map((candidate) => candidate.name).join(', ');
      throw new UsageError(`unknown command '${name}'; expected one of: ${known}`);
    }
    const invocation = parse(command, rest, around);
    if (invocation !== undefined) return await command.run(invocation);
    terminal.out(help(command));
    return 0;
  } catch (error) {
    return report(error, terminal);
  }
}

function parse(
  command: Command,
  args: readonly string[],
  around: Surroundings,
): Invocation | undefined {
  const { values, positionals } = parseFlags(command, args);
  if (values['help'] === true) return undefined;
  const expected = command.args.split(' ').filter((word) => word !== '');
  const required = expected.filter((word) => word.startsWith('<')).length;
  if (positionals.length < required || positionals.length > expected.length) {
    const usage = `faultline ${command.name} ${command.args}`.trim();
    const given = positionals.length === 0 ? 'nothing' : `'${positionals.join(' ')}'`;
    throw new UsageError(`expected ${usage}, got ${given} after ${command.name}`);
  }
  const checkout = fileURLToPath(new URL('../../', import.meta.url));
  const root = typeof values['root'] === 'string' ? resolve(values['root']) : resolve(checkout);
  const dataDir =
    typeof values['data-dir'] === 'string' ? values['data-dir'] : `${root}/.faultline`;
  return {
    args: positionals,
    flags: values,
    json: values['json'] === true,
    root,
    dataDir: resolve(dataDir),
    ...around,
  };
}

function parseFlags(command: Command, args: readonly string[]) {
  const options = { ...common, ...command.options };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    const [reason = ''] = cause instanceof Error ? cause.message.split('. ', 1) : [];
    const known = Object.keys(options).map((flag) => `--${flag}`);
    throw new UsageError(`${reason}; ${command.name} knows: ${known.join(', ')}`, { cause });
  }
}

function report(error: unknown, terminal: Terminal): number {
  const expected =
    error instanceof UsageError || error instanceof EngineError || error instanceof ManifestError;
  const message = error instanceof Error ? error.message : String(error);
  terminal.err(`${terminal.paint('red', 'faultline:')} ${message}\n`);
  if (error instanceof UsageError) terminal.err('Run faultline --help, or --help on a command.\n');
  // What nobody foresaw needs its place in the code to be understood.
  else if (!expected && error instanceof TypeError) terminal.err(`${error.stack}\n`);
  return error instanceof UsageError ? 2 : 1;
}

function overview(): string {
  const lines = commands.map(
    ({ name, args, summary }) => `  ${`${name} ${args}`.trim().padEnd(28)} ${summary}\n`,
  );
  return `Usage: faultline <command> [flags]\n\n${lines.join('')}\nEvery command has --help.\n`;
}

function help(command: Command): string {
  const flags = Object.entries({ ...command.options, ...common }).map(([name, option]) => {
    const short = option.short === undefined ? '' : `-${option.short}, `;
    const value = option.type === 'string' ? ' VALUE' : '';
    return `  ${`${short}--${name}${value}`.padEnd(22)} ${option.help}\n`;
  });
  const usage = `faultline ${command.name} ${command.args}`.trim();
  return (
    `${command.summary}\n\nUsage: ${usage} [flags]\n\n${flags.join('')}\n` +
    `Example: ${command.example}\n`
  );
}
