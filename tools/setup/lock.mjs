// @ts-check
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isMissing, readJsonIfPresent } from './files.mjs';

/** @typedef {{pid: number, host: string}} Owner */

/** A lock without an owner's name is left by a crash between two system calls. */
const namelessAfterMs = 5_000;
const pollMs = 200;

/**
 * Runs `work` while holding the directory `path`, which only one process can create. A lock whose
 * owner is gone is taken over. `onWait` is called once when somebody else holds it.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {(owner: Owner | null) => void} onWait
 * @returns {Promise<T>}
 */
export async function withLock(path, work, onWait) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!tryLock(path)) {
    if (removeIfStale(path)) continue;
    if (!told) onWait(ownerOf(path));
    told = true;
    await wait(pollMs);
  }
  const release = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/** @param {string} path */
function tryLock(path) {
  try {
    mkdirSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(ownerPath(path), JSON.stringify({ pid: process.pid, host: hostname() }));
  return true;
}

/** @param {string} path */
function removeIfStale(path) {
  const owner = ownerOf(path);
  if (!isStale(path, owner)) return false;
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
  // Between the look and the rename a quicker process may have taken over: then give it back.
  if (ownerOf(aside)?.pid !== owner?.pid) {
    renameSync(aside, path);
    return false;
  }
  rmSync(aside, { recursive: true, force: true });
  return true;
}

/**
 * @param {string} path
 * @param {Owner | null} owner
 */
function isStale(path, owner) {
  if (owner !== null) return owner.host === hostname() && !isAlive(owner.pid);
  const made = statSync(path, { throwIfNoEntry: false });
  return made !== undefined && Date.now() - made.mtimeMs > namelessAfterMs;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM means that it lives and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * @param {string} path
 * @returns {Owner | null}
 */
function ownerOf(path) {
  return readJsonIfPresent(ownerPath(path));
}

/** @param {string} path */
function ownerPath(path) {
  return join(path, 'owner.json');
}
