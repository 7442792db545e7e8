import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** A process with the memory it uses, in kilobytes. */
export type ProcessMemory = { pid: number; parent: number; command: string; kB: number };

/**
 * PSS shares each page among the processes that map it, so it can be summed. RSS, where the system
 * tells no more, counts shared pages for each of them.
 */
export type MemoryKind = 'pss' | 'rss';

/** What this system can tell. */
export const memoryKind: MemoryKind = existsSync('/proc/self/smaps_rollup') ? 'pss' : 'rss';

/** The process and all its descendants. */
export function familyOf(root: number): ProcessMemory[] {
  const all = memoryKind === 'pss' ? fromProc() : fromPs();
  const family = all.filter(({ pid }) => pid === root);
  // Grows while it is walked: children of children are found in turn.
  for (const { pid } of family) family.push(...all.filter(({ parent }) => parent === pid));
  return memoryKind === 'rss' ? family : family.map((one) => ({ ...one, kB: readPss(one.pid) }));
}

function fromProc(): ProcessMemory[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readIfThere(`/proc/${name}/stat`);
      // The command stands in brackets and may hold anything, brackets too.
      const [, command = '', parent = ''] = /\((.*)\) \S (\d+)/s.exec(stat) ?? [];
      return stat === '' ? [] : [{ pid: Number(name), parent: Number(parent), command, kB: 0 }];
    });
}

function fromPs(): ProcessMemory[] {
  const text = execFileSync('ps', ['-axo', 'pid=,ppid=,rss=,comm='], { encoding: 'utf8' });
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, kB, command = ''] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid ? [{ pid: Number(pid), parent: Number(parent), command, kB: Number(kB) }] : [];
  });
}

function readPss(pid: number): number {
  const [, kB = '0'] = /^Pss:\s+(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/smaps_rollup`)) ?? [];
  return Number(kB);
}

/** Empty for a process that has ended meanwhile. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}
