import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../bin/faultline.mjs', import.meta.url));

/** The project that the tests run: two tiny services. */
export const fixture: string = fileURLToPath(new URL('fixtures/shop', import.meta.url));

export type Outcome = { code: number | null; out: string; err: string };

export type Running = {
  pid: number;
  /** What it has written so far. */
  out(): string;
  err(): string;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<Outcome>;
};

export type CommandOptions = {
  env?: Record<string, string | undefined>;
  /** The Node.js that runs it; default the one of the tests. */
  node?: string;
  uid?: number;
  gid?: number;
};

/** Starts `faultline <args>`. */
export function start(args: readonly string[], options: CommandOptions = {}): Running {
  const { env = process.env, node = process.execPath, ...identity } = options;
  const child = spawn(node, [program, ...args], {
    env,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    ...identity,
  });
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
  return {
    pid: child.pid ?? 0,
    out: () => texts.out,
    err: () => texts.err,
    kill: (signal) => void child.kill(signal),
    ended: new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, ...texts }));
    }),
  };
}

/** Runs `faultline <args>` to its end. */
export function faultline(args: readonly string[], options?: CommandOptions): Promise<Outcome> {
  return start(args, options).ended;
}
