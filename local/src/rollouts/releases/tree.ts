import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Workspace } from './workspaces.ts';

/** What is installed or built, and what is not code at all. */
const left = new Set(['node_modules', 'dist', '.git', '.faultline']);

/** Copies packages from one source tree to another; what is installed or built stays behind. */
export async function copyWorkspaces(
  from: string,
  to: string,
  workspaces: readonly Workspace[],
): Promise<void> {
  for (const { folder } of workspaces) {
    const source = join(from, folder);
    await cp(source, join(to, folder), {
      recursive: true,
      filter: (path) =>
        !relative(source, path)
          .split('/')
          .some((part) => left.has(part)),
    });
  }
}

/**
 * Lets the packages of `tree` find each other, and everything else where `root` has it: Node looks
 * for packages from the real place of a file upwards, so what is linked to stays as it is.
 */
export async function linkPackages(
  tree: string,
  { root, workspaces }: { root: string; workspaces: readonly Workspace[] },
): Promise<void> {
  const target = join(tree, 'node_modules');
  await rm(target, { recursive: true, force: true });
  await mkdir(join(target, '@faultline'), { recursive: true });
  const modules = nearestModules(root);
  const installed = await readdir(modules);
  await Promise.all(
    installed
      .filter((name) => name !== '@faultline' && name !== '.cache')
      .map((name) => symlink(join(modules, name), join(target, name))),
  );
  for (const { name, folder } of workspaces) {
    const link = join(target, name);
    await symlink(relative(dirname(link), join(tree, folder)), link);
    // Versions that only this package has.
    const own = join(root, folder, 'node_modules');
    if (await exists(own)) await symlink(own, join(tree, folder, 'node_modules'));
  }
}

/** Where Node finds what is installed for a project: in its folder, or one above. */
export function nearestModules(root: string): string {
  for (let folder = resolve(root); ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    if (existsSync(modules)) return modules;
    if (folder === dirname(folder)) throw new Error(`find what is installed for ${root}: nothing`);
  }
}

/** A hash of packages' files, names and contents, apart from what is installed or built. */
export async function contentHash(tree: string, workspaces: readonly Workspace[]): Promise<string> {
  const hash = createHash('sha256');
  const lists = await Promise.all(workspaces.map(({ folder }) => listFiles(tree, folder)));
  for (const path of lists.flat().toSorted((a, b) => (a < b ? -1 : 1))) {
    hash
      .update(`${path}\0`)
      .update(await readFile(join(tree, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** The paths from `tree` of all files in a folder, apart from what is installed or built. */
async function listFiles(tree: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(tree, folder), { withFileTypes: true });
  const lists = entries
    .filter(({ name }) => !left.has(name))
    .map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(tree, path) : Promise.resolve([path]);
    });
  return (await Promise.all(lists)).flat();
}

/** What the compiler has to look at to know whether a service of the tree is sound. */
export async function writeCompilerOptions(
  tree: string,
  { root, service }: { root: string; service: string },
): Promise<string> {
  const path = join(tree, 'tsconfig.json');
  const extended = join(root, 'tsconfig.json');
  const include = [`services/${service}/src`];
  // Tests are judged by running them.
  const exclude = ['**/node_modules', '**/dist', '**/*.test.ts'];
  await writeFile(path, JSON.stringify({ extends: extended, include, exclude }, null, 2));
  return path;
}

async function exists(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    async () => (await readlink(path).catch(() => undefined)) !== undefined,
  );
}
