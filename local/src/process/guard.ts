import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@faultline/chassis/clock';
import { isSameProcess, processIdentity, signalProcess } from './identity.ts';

/** How a process is asked to end: TERM for most, INT for PostgreSQL (its fast shutdown). */
export type StopSignal = 'SIGTERM' | 'SIGINT';

const reaperScript = fileURLToPath(new URL('reaper.sh', import.meta.url));

/**
 * Sees to it that nothing the engine started outlives it. While the engine runs, a small shell
 * process holds the list and ends everything on it when the engine dies, even by SIGKILL. Should
 * that one be killed too, the records on disk let the next start clean up.
 */
export class ProcessGuard {
  readonly #groups = new Map<number, StopSignal>();
  readonly #recordsDir: string | undefined;
  #reaper: ChildProcess | undefined;
  #closed = false;

  /** `recordsDir` keeps one file per running process; without it only the reaper guards. */
  constructor(recordsDir?: string) {
    this.#recordsDir = recordsDir;
    if (recordsDir !== undefined) mkdirSync(recordsDir, { recursive: true });
    this.#startReaper();
  }

  get reaperPid(): number | undefined {
    return this.#reaper?.pid;
  }

  /** Puts the process group led by `pid` under guard. */
  add(pid: number, signal: StopSignal): void {
    this.#groups.set(pid, signal);
    this.#tell(`add ${pid} ${signal.slice(3)}`);
    if (this.#recordsDir === undefined) return;
    const record = JSON.stringify({ identity: processIdentity(pid), signal });
    writeFileSync(join(this.#recordsDir, String(pid)), record);
  }

  /** The process group has ended. */
  remove(pid: number): void {
    if (!this.#groups.delete(pid)) return;
    this.#tell(`del ${pid}`);
    if (this.#recordsDir !== undefined)
      rmSync(join(this.#recordsDir, String(pid)), { force: true });
  }

  /** Ends the reaper; whatever is still on its list is stopped by it. */
  close(): void {
    this.#closed = true;
    this.#reaper?.stdin?.end();
  }

  #startReaper(): void {
    // Detached: a Ctrl-C in the terminal must not reach it.
    const reaper = spawn('/bin/sh', [reaperScript], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    reaper.unref();
    // A pipe whose reader died reports here; the exit handler below starts another reader.
    reaper.stdin.on('error', () => undefined);
    reaper.on('error', () => undefined);
    reaper.on('exit', () => {
      reaper.stdin.destroy();
      if (!this.#closed && this.#reaper === reaper) this.#startReaper();
    });
    this.#reaper = reaper;
    for (const [pid, signal] of this.#groups) this.#tell(`add ${pid} ${signal.slice(3)}`);
  }

  #tell(line: string): void {
    this.#reaper?.stdin?.write(`${line}\n`);
  }
}

/**
 * Ends processes that an earlier engine recorded and left behind, then forgets them. A record
 * whose process id now belongs to another process is only forgotten.
 */
export async function stopLeftovers(recordsDir: string, clock = systemClock): Promise<number[]> {
  mkdirSync(recordsDir, { recursive: true });
  const alive = readdirSync(recordsDir).flatMap((name) => readRecord(recordsDir, name));
  for (const { pid, signal } of alive) signalProcess(-pid, signal);
  const deadline = clock.monotonic() + 5000;
  const running = () => alive.filter(({ pid, identity }) => isSameProcess(pid, identity));
  while (running().length > 0 && clock.monotonic() < deadline) await clock.sleep(50);
  for (const { pid } of running()) signalProcess(-pid, 'SIGKILL');
  for (const name of readdirSync(recordsDir)) rmSync(join(recordsDir, name), { force: true });
  return alive.map(({ pid }) => pid);
}

type LeftoverRecord = { pid: number; identity: string; signal: StopSignal };

function readRecord(dir: string, name: string): LeftoverRecord[] {
  const pid = Number(name);
  const text = readFileSync(join(dir, name), 'utf8');
  const match = /"identity":"([^"]+)","signal":"(SIGTERM|SIGINT)"/.exec(text);
  const identity = match?.[1];
  if (!Number.isInteger(pid) || identity === undefined) return []; // torn write: nothing to go by
  const signal = match?.[2] === 'SIGINT' ? 'SIGINT' : 'SIGTERM';
  return isSameProcess(pid, identity) ? [{ pid, identity, signal }] : [];
}
