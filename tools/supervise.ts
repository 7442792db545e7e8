import { spawn, type ChildProcess } from 'node:child_process';
import { environmentWith } from './config.ts';
import { emptyState, isRunState, type RunState } from './run-state.ts';

/** Between being asked to end and being killed. */
const graceMs = 15_000;

export type Outcome = Pick<RunState, 'passed' | 'failed' | 'skipped' | 'failures'> & {
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
  /** Variables that the tests see, besides those of this process. */
  env: Record<string, string>;
  /** Longest time without any test starting. */
  idleMs: number;
  totalMs: number;
}): Promise<Outcome> {
  const child = startTests(options);
  let state = emptyState();
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

function startTests(o: {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}) {
  return spawn(o.command, o.args, {
    cwd: o.cwd,
    env: environmentWith(o.env),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function judge(state: RunState, exit: string, hung: string | undefined): Outcome {
  const { passed, failed, skipped, failures } = state;
  const outcome = { passed, failed, skipped, failures };
  const spoiled = (problem: string) => ({ ...outcome, failed: failed + 1, problem });
  if (hung !== undefined) return spoiled(hung);
  if (!state.finished) {
    return spoiled(`The run broke off with ${exit} in: ${state.current || 'loading the tests'}`);
  }
  if (failed === 0 && exit !== 'code 0') {
    return spoiled(`All tests passed, yet the run ended with ${exit}`);
  }
  return outcome;
}

/** The outcome of several runs; that no test was found in any of them is a failure. */
export function combine(outcomes: readonly Outcome[]): Outcome {
  const sum = (key: 'passed' | 'failed' | 'skipped') =>
    outcomes.reduce((total, one) => total + one[key], 0);
  const all = { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
  const failures = outcomes.flatMap((one) => one.failures);
  const problems = outcomes.flatMap(({ problem }) => problem ?? []);
  if (all.passed + all.failed + all.skipped === 0) {
    return { ...all, failed: 1, failures, problem: 'No test was found' };
  }
  return { ...all, failures, ...(problems.length > 0 && { problem: problems.join('\n') }) };
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
