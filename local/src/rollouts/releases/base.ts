import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, realpath, rename, rm, symlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { type Clock, toRfc3339 } from '@faultline/chassis/clock';
import { writeWhole } from '../deployed.ts';
import { type Release, readRelease } from './release.ts';
import { contentHash, copyWorkspaces, linkPackages } from './tree.ts';
import { linkedWorkspaces, type Workspace } from './workspaces.ts';

type Base = { service: string; version: string };
type Made = Base & { hash: string; workspaces: Workspace[] };

const prefix = '.base-';
/** Of a release that is being made. */
const unfinished = '.new-';

/**
 * Keeps what a system starts with from the working tree: a release of each service, all of them in one
 * source tree. Where the same is kept already nothing is copied.
 */
export async function recordBase(options: {
  root: string;
  dir: string;
  clock: Clock;
  services: readonly Base[];
}): Promise<void> {
  const { root, dir, services } = options;
  await mkdir(dir, { recursive: true });
  const made: Made[] = [];
  for (const base of services) {
    const workspaces = await linkedWorkspaces(root, base.service);
    made.push({ ...base, workspaces, hash: await contentHash(root, workspaces) });
  }
  const changed = await Promise.all(made.map((one) => isChanged(dir, one)));
  const missing = made.filter((_, index) => changed[index] === true);
  if (missing.length > 0) await keep(missing, options);
  await removeUnused(dir);
}

async function isChanged(dir: string, { service, version, hash }: Made): Promise<boolean> {
  const known = await readRelease(join(dir, service, version));
  return known?.content_hash !== hash;
}

async function keep(
  made: readonly Made[],
  { root, dir, clock }: { root: string; dir: string; clock: Clock },
): Promise<void> {
  const shared = await mkdtemp(join(dir, prefix));
  const all = new Map(made.flatMap(({ workspaces }) => workspaces.map((one) => [one.name, one])));
  const workspaces = [...all.values()];
  await copyWorkspaces(root, shared, workspaces);
  await linkPackages(shared, { root, workspaces });
  for (const { folder } of workspaces) {
    const built = join(root, folder, 'dist');
    if (existsSync(built)) await cp(built, join(shared, folder, 'dist'), { recursive: true });
  }
  for (const one of made) await describe(one, { dir, shared, clock });
}

/** By renaming, so that a release is either all there or not at all. */
async function describe(
  { service, version, hash, workspaces }: Made,
  { dir, shared, clock }: { dir: string; shared: string; clock: Clock },
): Promise<void> {
  const folder = join(dir, service, version);
  const work = await mkdtemp(join(dir, unfinished));
  const release: Release = {
    service,
    version,
    content_hash: hash,
    created_at: toRfc3339(clock.now()),
    author: userInfo().username,
    source: { kind: 'working-tree' },
    patch: null,
    env: {},
    diff: { against: null, files: [] },
    skipped: ['typecheck', 'tests', 'contracts'],
    workspaces,
  };
  await writeWhole(join(work, 'release.json'), release);
  await symlink(relative(folder, shared), join(work, 'tree'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await rename(work, folder);
}

/**
 * Shared trees that no release leads to any more, and what an engine that was killed was making:
 * nothing else is made before this has come to its end.
 */
async function removeUnused(dir: string): Promise<void> {
  const names = await readdir(dir);
  const used = new Set<string>();
  for (const service of names.filter((name) => !name.startsWith('.'))) {
    for (const version of await readdir(join(dir, service)).catch(() => [])) {
      const tree = await realpath(join(dir, service, version, 'tree')).catch(() => '');
      used.add(basename(tree));
    }
  }
  const unused = names.filter(
    (name) => name.startsWith(unfinished) || (name.startsWith(prefix) && !used.has(name)),
  );
  await Promise.all(unused.map((name) => rm(join(dir, name), { recursive: true, force: true })));
}
