import { spawn, type ChildProcess } from 'node:child_process';
import { environmentWith } from './config.ts';
import { isRunState, type RunState } from './run-state.ts';

/** Between being asked to end and being killed. */
const graceMs = 15_000;

type Outcome = Pick<RunState, 'passed' | 'failed' | 'skipped'> & {
  /** Why the run counts as failed beyond its own failures. */
  problem?: string;
};

/**
 * Runs the tests in a child process and answers with its totals, whatever becomes of it: a run that
 * hangs is ended and says where, and one that breaks off counts as a failure.
 */
export async function supervise(options: {
  command: string;
  args: string[];
  cwd: string;
  /** What the tests see as the system's directory for temporary files. */
  tempDir: string;
  /** Longest time without any test starting. */
  idleMs: number;
  totalMs: number;
}): Promise<Outcome> {
  const child = startTests(options);
  let state: RunState = { current: '', passed: 0, failed: 0, skipped: 0, finished: false };
  let hung: string | undefined;

  const end = (why: string) => {
    hung ??= `${why}; the last to start was: ${state.current || 'none'}`;
    endProcess(child);
  };
  const total = setTimeout(() => end(`${options.totalMs / 1000} s are over`), options.totalMs);
  const idleText = `Nothing happened for ${options.idleMs / 1000} s`;
  const idle = setTimeout(() => end(idleText), options.idleMs);
  child.on('message', (message) => {
    if (isRunState(message)) state = message;
    idle.refresh();
  });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  try {
    const exit = await exitOf(child);
    return judge(state, exit, hung);
  } finally {
    clearTimeout(total);
    clearTimeout(idle);
    process.off('SIGINT', forward).off('SIGTERM', forward);
  }
}

function startTests(o: { command: string; args: string[]; cwd: string; tempDir: string }) {
  return spawn(o.command, o.args, {
    cwd: o.cwd,
    env: environmentWith({ TMPDIR: o.tempDir }),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function judge(state: RunState, exit: string, hung: string | undefined): Outcome {
  const { passed, failed, skipped } = state;
  if (hung !== undefined) return { passed, failed: failed + 1, skipped, problem: hung };
  if (!state.finished) {
    const problem = `The run broke off with ${exit} in: ${state.current || 'loading the tests'}`;
    return { passed, failed: failed + 1, skipped, problem };
  }
  if (passed + failed + skipped === 0) {
    return { passed, failed: 1, skipped, problem: 'No test was found' };
  }
  if (failed === 0 && exit !== 'code 0') {
    const problem = `All tests passed, yet the run ended with ${exit}`;
    return { passed, failed: 1, skipped, problem };
  }
  return { passed, failed, skipped };
}

function exitOf(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.on('error', (error) => resolve(error.message));
  child.on('exit', (code, signal) => resolve(signal === null ? `code ${code}` : signal));
  return promise;
}

function endProcess(child: ChildProcess): void {
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), graceMs);
  child.on('exit', () => clearTimeout(kill));
}
