import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '@faultline/chassis/clock';
import type { ProcessGuard, StopSignal } from './guard.ts';
import { signalProcess } from './identity.ts';

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

/** A guarded process: leader of its own group, so a Ctrl-C in the terminal does not reach it. */
export type Child = {
  pid: number;
  /** Resolves when the process has ended; never rejects. */
  exited: Promise<Exit>;
  /** Signals the whole process group; false when it is already gone. */
  kill(signal: NodeJS.Signals): boolean;
};

export type ChildOptions = {
  command: string;
  args: readonly string[];
  env: Record<string, string>;
  guard: ProcessGuard;
  cwd?: string;
  /** What the guard sends when the engine dies. */
  stopSignal?: StopSignal;
  /** Run as another user (only root can). */
  identity?: { uid: number; gid: number } | undefined;
  /** Written to the process's standard input, which is then closed. */
  input?: string;
  onOutput?(stream: 'stdout' | 'stderr', source: Readable): void;
};

/** Starts a process. Rejects when it cannot be started at all (no such file, no permission). */
export function spawnChild(options: ChildOptions): Promise<Child> {
  const process = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...options.identity,
  });
  return new Promise((resolve, reject) => {
    process.once('error', (cause) => {
      reject(new Error(`cannot start ${options.command}: ${cause.message}`, { cause }));
    });
    const { pid } = process;
    if (pid === undefined) return; // 'error' follows
    options.guard.add(pid, options.stopSignal ?? 'SIGTERM');
    const exited = new Promise<Exit>((ended) => {
      process.once('exit', (code, signal) => {
        options.guard.remove(pid);
        ended({ code, signal });
      });
    });
    // A process that ends without reading its input breaks the pipe; its exit tells the story.
    process.stdin?.on('error', () => undefined).end(options.input);
    connectOutput(options, process.stdout, process.stderr);
    resolve({ pid, exited, kill: (signal) => signalProcess(-pid, signal) });
  });
}

function connectOutput(options: ChildOptions, stdout: Readable | null, stderr: Readable | null) {
  const use = options.onOutput ?? ((_: string, source: Readable) => void source.resume());
  if (stdout !== null) use('stdout', stdout);
  if (stderr !== null) use('stderr', stderr);
}

/** Asks a process to end, waits, then kills it. Resolves once it has ended. */
export async function stopChild(
  child: Child,
  options: { signal?: NodeJS.Signals; graceMs: number; clock: Clock },
): Promise<Exit> {
  const ended = new AbortController();
  const exited = child.exited.then((exit) => {
    ended.abort();
    return exit;
  });
  child.kill(options.signal ?? 'SIGTERM');
  await options.clock.sleep(options.graceMs, ended.signal);
  if (!ended.signal.aborted) child.kill('SIGKILL');
  return exited;
}

/** How an exit reads in a message: `exit code 1`, `signal SIGKILL`. */
export function describeExit(exit: Exit): string {
  return exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
}
