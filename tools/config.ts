import { resolve } from 'node:path';

/** The checkout. */
export const root: string = resolve(import.meta.dirname, '..');

/** Servers that the tests shall use instead of starting their own; `none` for no server at all. */
export const testStores: {
  none: boolean;
  postgresUrl: string | undefined;
  redisUrl: string | undefined;
} = {
  none: process.env['FAULTLINE_NO_STORES'] === '1',
  postgresUrl: process.env['TEST_POSTGRES_URL'],
  redisUrl: process.env['TEST_REDIS_URL'],
};

/** Hands the place of a store to the tests of this process and its children. */
export function publishStore(
  name: 'TEST_POSTGRES_URL' | 'TEST_REDIS_URL' | 'FAULTLINE_POSTGRES_TEMPLATE',
  place: string,
): void {
  process.env[name] = place;
}

/** The environment for a child process that shall see some variables differently. */
export function environmentWith(
  changes: Record<string, string>,
): Record<string, string | undefined> {
  return { ...process.env, ...changes };
}

/** Where Node.js keeps what it has compiled. */
export const compileCacheDir: string | undefined = process.env['NODE_COMPILE_CACHE'];
