// @ts-check
import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} path
 * @returns {string | null} null when there is no such file
 */
function readIfPresent(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/**
 * A file that we wrote ourselves; one cut short by a crash counts as absent.
 * @template T what was written there; null when there is no such file
 * @param {string} path
 * @returns {T | null}
 */
export function readJsonIfPresent(path) {
  const text = readIfPresent(path);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * @param {string} path
 * @returns {string | null} null when there is no such file
 */
export function hashFile(path) {
  const text = readIfPresent(path);
  return text === null ? null : createHash('sha256').update(text).digest('hex');
}

/**
 * @param {string} name
 * @param {string} path the value of PATH
 * @returns {string | null}
 */
export function which(name, path) {
  const places = path.split(':').filter(Boolean);
  return places.map((dir) => join(dir, name)).find(isExecutable) ?? null;
}

/** @param {string} path */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

/** @param {unknown} error */
export function isMissing(error) {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
