import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const watchMs = 2_000;

/** A program and its arguments; nothing goes through a shell. */
export type Command = readonly [program: string, ...args: string[]];

/** Runs a command, its output shown, `input` given to it. Answers whether it ended well. */
export async function succeeds(command: Command, input?: string): Promise<boolean> {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(child, 'close');
  // A program that ends before it has read all says so by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  try {
    await ended;
    return child.exitCode === 0;
  } catch (cause) {
    throw new Error(`run ${program}: is it installed and on the PATH?`, { cause });
  }
}

/**
 * Runs a command that goes on until it ends by itself or this process is told to: then it ends, and
 * this process after it. Answers its exit code.
 */
export async function serve(command: Command): Promise<number | null> {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const end = (signal: NodeJS.Signals) => {
    child.once('close', () => process.kill(process.pid, signal));
    child.kill(signal);
  };
  process.once('SIGTERM', end).once('SIGINT', end);
  await once(child, 'close');
  process.off('SIGTERM', end).off('SIGINT', end);
  return child.exitCode;
}

/** Ends this process once the one that started it is gone: Tilt may be killed before it ends others. */
export function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, watchMs).unref();
}

/** Runs commands one after the other. Throws at the first that fails. */
export async function runAll(commands: readonly Command[]): Promise<void> {
  for (const command of commands) {
    process.stdout.write(`${command.join(' ')}\n`);
    if (!(await succeeds(command))) throw new Error(`failed: ${command.join(' ')}`);
  }
}

/** What a command prints; nothing when it fails. */
export async function outputOf(command: Command): Promise<string> {
  const [program, ...args] = command;
  const { stdout } = await promisify(execFile)(program, args).catch(() => ({ stdout: '' }));
  return stdout;
}

/** The value of `--name value`. Throws when it is not given. */
export function flag(args: readonly string[], name: string): string {
  const value = args[args.indexOf(name) + 1];
  if (args.includes(name) && value !== undefined) return value;
  throw new Error(`expected ${name} and its value`);
}

/** A name as Kubernetes has them: what is none would be taken for a flag, or for a pattern. */
export function named(text: string | undefined, what: string): string {
  if (text !== undefined && /^[a-z][a-z0-9-]{0,61}$/.test(text)) return text;
  throw new Error(`expected the name of ${what}, not '${text ?? ''}'`);
}

/** Ends with one line instead of a stack. */
export async function main(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
