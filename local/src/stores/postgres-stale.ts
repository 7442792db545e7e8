import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@faultline/chassis/clock';
import { processIdentity, signalProcess } from '../process/identity.ts';

const stopTimeoutMs = 15_000;

/**
 * Ends a server that still runs on the data (its engine was killed), and removes the lock file of
 * one that does not: its process id may by now belong to something else.
 */
export async function endStaleServer(dataDir: string, clock: Clock): Promise<void> {
  const pid = runningServer(dataDir);
  const identity = pid && processIdentity(pid);
  if (pid === undefined || identity === undefined) {
    return rm(join(dataDir, 'postmaster.pid'), { force: true });
  }
  signalProcess(pid, 'SIGINT');
  const deadline = clock.monotonic() + stopTimeoutMs;
  while (processIdentity(pid) === identity) {
    await clock.sleep(50);
    if (clock.monotonic() > deadline) signalProcess(pid, 'SIGKILL');
  }
}

/** The server that runs on a data folder, going by its lock file and what that process really is. */
export function runningServer(dataDir: string): number | undefined {
  try {
    const lock = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8');
    const pid = Number(lock.split('\n', 1)[0]);
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return args.includes(dataDir) && (args[0] ?? '').endsWith('postgres') ? pid : undefined;
  } catch {
    // No lock file, no such process, or no /proc: there, PostgreSQL itself sees to it that only
    // one server runs on the data.
    return undefined;
  }
}
