import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const inMemory = '/dev/shm';
/** What a run of all tests keeps there at a time, twice over. */
const neededBytes = 4 * 1024 ** 3;

/**
 * A folder for all that tests write: in memory where there is room, since they make and remove
 * databases and source trees by the dozen; those of releases took more than twice as long on a disk.
 * A folder that somebody has chosen is taken as it is.
 */
export function makeTempFolder(chosen: string | undefined): string {
  // A short name: socket paths must fit 104 bytes.
  if (chosen === undefined && hasRoom(inMemory, neededBytes)) {
    const folder = mkdtempSync(join(inMemory, 'fl-'));
    if (canRunPrograms(folder)) return folder;
    rmSync(folder, { recursive: true });
  }
  return mkdtempSync(join(chosen ?? tmpdir(), 'fl-'));
}

export function isInMemory(folder: string): boolean {
  return dirname(folder) === inMemory;
}

/** False where there is no such folder, too. */
export function hasRoom(folder: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= bytes;
  } catch {
    return false;
  }
}

/** Containers often forbid it for memory that processes share. */
function canRunPrograms(folder: string): boolean {
  const program = join(folder, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  const { status } = spawnSync(program);
  rmSync(program);
  return status === 0;
}
