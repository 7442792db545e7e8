// @ts-check
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundledFolders, isStale } from './bundles.mjs';
import { hashFile, isExecutable, readJsonIfPresent, which } from './files.mjs';
import { installedMatchesLock } from './plan.mjs';

/** @typedef {import('./plan.mjs').Program} Program */
/** @typedef {Omit<Program, 'available' | 'optional'> & {commands: string[], places?: string[]}} Wanted */

/** @type {Wanted[]} */
const servers = [
  {
    id: 'redis-server',
    why: 'events, queues, rate limits and the cache live in Redis',
    variable: 'REDIS_URL=redis://host:6379 to use a Redis that runs elsewhere',
    commands: ['redis-server'],
    packages: { apt: 'redis-server', brew: 'redis' },
  },
  {
    id: 'prometheus',
    why: 'metrics, service levels and canary decisions are read from Prometheus',
    variable: 'PROMETHEUS_URL=http://host:9090 to use a Prometheus that runs elsewhere',
    commands: ['prometheus'],
    packages: { apt: 'prometheus', brew: 'prometheus' },
  },
];

/** @type {Wanted} */
export const browser = {
  id: 'chromium',
  why: 'the browser tests drive a real one; without it they are skipped',
  variable: 'CHROMIUM_PATH=/path/to/chrome',
  commands: ['chromium', 'chromium-browser', 'google-chrome'],
  places: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  packages: { apt: 'chromium', brew: null },
};

/** @param {string} root */
export function stampPath(root) {
  return join(root, 'node_modules/.faultline-setup.json');
}

/**
 * @param {{root: string, env: Record<string, string | undefined>, tests: boolean,
 *   run: import('./run.mjs').Run}} context
 * @returns {Promise<import('./plan.mjs').Facts>}
 */
export async function gatherFacts({ root, env, tests, run }) {
  const path = env.PATH ?? '';
  const lockHash = hashFile(join(root, 'package-lock.json'));
  if (lockHash === null) throw new Error(`${join(root, 'package-lock.json')} is missing`);
  const stamp = readJsonIfPresent(stampPath(root));
  const programs = findPrograms(env, tests);
  const manager = which('apt-get', path) ? 'apt' : which('brew', path) ? 'brew' : null;
  const complete = programs.every((program) => program.available);
  return {
    nowMs: Date.now(),
    platform: process.platform,
    arch: process.arch,
    lockHash,
    stamp,
    nodeInstalled: isExecutable(join(root, 'node_modules/.bin/node')),
    installedMatchesLock: stamp?.lockHash === lockHash || matchesLock(root),
    programs,
    manager,
    privilege: complete || manager !== 'apt' ? 'none' : await findPrivilege(path, run),
    bundles: bundledFolders(root).map((dir) => ({ dir, stale: isStale(root, dir) })),
  };
}

/**
 * @param {Record<string, string | undefined>} env
 * @param {boolean} tests
 * @returns {Program[]}
 */
function findPrograms(env, tests) {
  const path = env.PATH ?? '';
  const wanted = tests ? [...servers, browser] : servers;
  return wanted.map(({ commands, places = [], ...program }) => {
    const variable = program.variable.split('=')[0] ?? '';
    const available =
      Boolean(env[variable]) ||
      commands.some((command) => which(command, path) !== null) ||
      places.some(isExecutable);
    return { ...program, available, optional: program.id === browser.id };
  });
}

/**
 * @param {string} path
 * @param {import('./run.mjs').Run} run
 * @returns {Promise<'root' | 'sudo' | 'none'>}
 */
async function findPrivilege(path, run) {
  if (process.getuid?.() === 0) return 'root';
  if (which('sudo', path) === null) return 'none';
  const { code } = await run('sudo', ['-n', 'true']);
  return code === 0 ? 'sudo' : 'none';
}

/** @param {string} root */
function matchesLock(root) {
  const installed = readJsonIfPresent(join(root, 'node_modules/.package-lock.json'));
  const lock = readJsonIfPresent(join(root, 'package-lock.json'));
  return installedMatchesLock(lock, installed) && hasPlatformPackages(root);
}

/**
 * npm's record names the packages of the machine that installed; esbuild's folder tells whether
 * that was this one.
 * @param {string} root
 */
function hasPlatformPackages(root) {
  return existsSync(join(root, `node_modules/@esbuild/${process.platform}-${process.arch}`));
}
