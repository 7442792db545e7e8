// @ts-check
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { hashFile, readJsonIfPresent } from './files.mjs';

/**
 * Programs that run many times side by side, as paths from the root: bundled, each of them starts in
 * half the time and takes a third less memory.
 */
const programs = ['mesh/proxy'];

/**
 * What a bundle was made from: the entry points, and the hash of each source file it read.
 * @typedef {{entries: string[], inputs: Record<string, string | null>}} Made
 */

/**
 * Workspaces to bundle, as paths from the root: those with code for the browser, and some programs.
 * @param {string} root
 * @returns {string[]}
 */
export function bundledFolders(root) {
  const web = ['services', 'observability']
    .filter((parent) => existsSync(join(root, parent)))
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(parent, name)))
    .filter((dir) => entryPoints(join(root, dir)).length > 0);
  return [...web, ...programs.filter((dir) => existsSync(join(root, dir)))];
}

/**
 * @param {string} root
 * @param {string} dir
 * @returns {boolean}
 */
export function isStale(root, dir) {
  /** @type {Made | null} */
  const record = readJsonIfPresent(recordPath(root, dir));
  if (record === null) return true;
  const { entries } = planOf(root, dir);
  if (entries.join() !== record.entries.join()) return true;
  return Object.entries(record.inputs).some(([path, hash]) => hashFile(join(root, path)) !== hash);
}

/**
 * Bundles `web/*.ts` of one workspace, or its program, into its `dist/`.
 * @param {string} root
 * @param {string} dir
 * @param {string} [toolsFrom] the checkout whose esbuild is used
 * @returns {Promise<void>}
 */
export async function bundle(root, dir, toolsFrom = root) {
  const workspace = join(root, dir);
  const { entries, options } = planOf(root, dir);
  const outdir = join(workspace, 'dist');
  rmSync(outdir, { recursive: true, force: true });
  // Loaded by path: it may have been installed by the step before this one.
  const { build } = createRequire(join(toolsFrom, 'package.json'))('esbuild');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries.map((name) => join(workspace, name)),
    outdir,
    bundle: true,
    metafile: true,
    ...options,
    logLevel: 'silent',
  });
  const sources = Object.keys(metafile.inputs).filter((path) => !path.includes('node_modules/'));
  // The lockfile stands for everything below node_modules.
  const inputs = [...sources, 'package-lock.json'];
  /** @type {Made} */
  const record = {
    entries,
    inputs: Object.fromEntries(inputs.map((path) => [path, hashFile(join(root, path))])),
  };
  mkdirSync(outdir, { recursive: true });
  writeFileSync(recordPath(root, dir), JSON.stringify(record));
}

/**
 * @param {string} root
 * @param {string} dir
 * @returns {{entries: string[], options: import('esbuild').BuildOptions}}
 */
function planOf(root, dir) {
  if (!programs.includes(dir)) {
    return {
      entries: entryPoints(join(root, dir)),
      options: {
        format: 'esm',
        minify: true,
        // What is imported on demand is a file of its own, named by its content.
        splitting: true,
        chunkNames: 'chunk-[hash]',
        target: 'es2022',
        sourcemap: 'external',
      },
    };
  }
  // A script rather than a module: Node then leaves its module loader and type stripper unloaded.
  const outExtension = { '.js': '.cjs' };
  return {
    entries: ['src/main.ts'],
    options: { platform: 'node', format: 'cjs', target: 'node24', outExtension },
  };
}

/** @param {string} workspace */
function entryPoints(workspace) {
  const web = join(workspace, 'web');
  if (!existsSync(web)) return [];
  const isEntry = /** @param {string} name */ (name) =>
    name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('.d.ts');
  return readdirSync(web)
    .filter(isEntry)
    .map((name) => `web/${name}`)
    .toSorted();
}

/**
 * @param {string} root
 * @param {string} dir
 */
function recordPath(root, dir) {
  return join(root, dir, 'dist', '.bundle.json');
}
