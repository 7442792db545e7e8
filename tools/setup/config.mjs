// @ts-check
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this set-up belongs to. */
export const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * The environment as the user has it: npm puts `node_modules/.bin` in front of PATH, where set-up
 * must neither look for system programs nor take the Node that it is about to replace.
 * @param {NodeJS.ProcessEnv} [from]
 * @returns {Record<string, string | undefined>}
 */
export function userEnvironment(from = process.env) {
  const path = (from.PATH ?? '').split(':');
  return { ...from, PATH: path.filter((dir) => !/\/node_modules\/\.bin\/?$/.test(dir)).join(':') };
}
