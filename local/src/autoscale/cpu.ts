import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A process, by its id: its parent, and the processor time it has used, in seconds. */
export type ProcessTimes = ReadonlyMap<number, { parent: number; seconds: number }>;

const run = promisify(execFile);
/** What Linux's /proc counts in; the same on every machine that people have. */
const ticksPerSecond = 100;

/** All processes of the machine. */
export async function readProcessTimes(): Promise<ProcessTimes> {
  return process.platform === 'linux' ? readProc() : readPs();
}

/** Processor time of a process, its children and theirs, in seconds; undefined when it is gone. */
export function treeSeconds(times: ProcessTimes, pid: number): number | undefined {
  const root = times.get(pid);
  if (root === undefined) return undefined;
  const children = [...times].filter(([, { parent }]) => parent === pid);
  return children.reduce((sum, [child]) => sum + (treeSeconds(times, child) ?? 0), root.seconds);
}

async function readProc(): Promise<ProcessTimes> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const entries = await Promise.all(
    names.map(async (name) => {
      // A process may end between being listed and being read.
      const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      const times = parseStat(text);
      return times === undefined ? [] : [[Number(name), times] as const];
    }),
  );
  return new Map(entries.flat());
}

/** A line of /proc/<pid>/stat. Children that have ended count with those who waited for them. */
export function parseStat(text: string): { parent: number; seconds: number } | undefined {
  // The command stands in brackets and may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [, parent = '', ...rest] = fields;
  const ticks = rest.slice(9, 13).map(Number);
  if (parent === '' || ticks.length < 4) return undefined;
  const total = ticks.reduce((sum, one) => sum + one, 0);
  return { parent: Number(parent), seconds: total / ticksPerSecond };
}

async function readPs(): Promise<ProcessTimes> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,time='], { timeout: 5_000 });
  return parsePs(stdout);
}

/** Lines of `pid ppid [[days-]hours:]minutes:seconds`. */
export function parsePs(text: string): ProcessTimes {
  const entries = text.split('\n').flatMap((line) => {
    const [pid, parent, time] = line.trim().split(/\s+/);
    if (pid === undefined || parent === undefined || time === undefined) return [];
    const seconds = time
      .replace('-', ':')
      .split(':')
      .map(Number)
      .toReversed()
      .reduce((sum, part, index) => sum + part * ([1, 60, 3600, 86_400][index] ?? 0), 0);
    return [[Number(pid), { parent: Number(parent), seconds }] as const];
  });
  return new Map(entries);
}
