import { existsSync } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { processEnvironment } from '../../config.ts';
import { EngineError } from '../../engine-error.ts';
import { run } from './run.ts';
import { copyWorkspaces } from './tree.ts';
import { linkedWorkspaces, type Workspace } from './workspaces.ts';

/** Where a release's code is taken from. */
export type ReleaseSource =
  | { kind: 'working-tree' }
  /** Another checkout, or another version of the service's folder alone. */
  | { kind: 'folder'; path: string }
  | { kind: 'git'; ref: string };

/** What `--from` names: a folder when there is one of that name, else something git knows. */
export function parseSource(from: string | undefined): ReleaseSource {
  if (from === undefined) return { kind: 'working-tree' };
  const path = resolve(from);
  return existsSync(path) ? { kind: 'folder', path } : { kind: 'git', ref: from };
}

/** Copies a service and what it links from a source to `tree`; the packages it is made of. */
export async function takeSource(
  tree: string,
  options: { root: string; service: string; source: ReleaseSource },
): Promise<Workspace[]> {
  const { root, service, source } = options;
  await mkdir(tree, { recursive: true });
  switch (source.kind) {
    case 'working-tree':
      return copyFrom(root, tree, service);
    case 'folder': {
      if (existsSync(join(source.path, 'services', service, 'package.json'))) {
        return copyFrom(source.path, tree, service);
      }
      return replaceFolder(tree, { root, service, path: source.path });
    }
    case 'git':
      return takeFromGit(tree, { root, service, ref: source.ref });
  }
}

async function copyFrom(from: string, tree: string, service: string): Promise<Workspace[]> {
  const workspaces = await linkedWorkspaces(from, service);
  await copyWorkspaces(from, tree, workspaces);
  return workspaces;
}

async function replaceFolder(
  tree: string,
  { root, service, path }: { root: string; service: string; path: string },
): Promise<Workspace[]> {
  if (!existsSync(join(path, 'package.json'))) {
    throw new EngineError(
      `take ${service} from ${path}: expected a checkout with services/${service}, or that folder`,
    );
  }
  const workspaces = await copyFrom(root, tree, service);
  const folder = join(tree, 'services', service);
  await rm(folder, { recursive: true });
  await cp(path, folder, { recursive: true, filter: (name) => !name.includes('/node_modules') });
  return workspaces;
}

async function takeFromGit(
  tree: string,
  { root, service, ref }: { root: string; service: string; ref: string },
): Promise<Workspace[]> {
  const whole = `${tree}.git`;
  await mkdir(whole, { recursive: true });
  try {
    const archive = join(whole, 'archive.tar');
    await must('git', ['archive', `--output=${archive}`, ref], root);
    await must('tar', ['-xf', archive], whole);
    return await copyFrom(whole, tree, service);
  } finally {
    await rm(whole, { recursive: true, force: true });
  }
}

/** Applies a patch made with paths from the project's root. Throws when it does not fit. */
export async function applyPatch(
  tree: string,
  { patch, workspaces }: { patch: string; workspaces: readonly Workspace[] },
): Promise<void> {
  const touched = [...patch.matchAll(/^(?:---|\+\+\+) (?:[ab]\/)(?<path>\S+)/gm)].map(
    ({ groups }) => groups?.['path'] ?? '',
  );
  const outside = touched.filter(
    (path) => !workspaces.some(({ folder }) => path.startsWith(`${folder}/`)),
  );
  if (touched.length === 0) throw new EngineError('apply the patch: it changes no file');
  if (outside.length > 0) {
    const folders = workspaces.map(({ folder }) => folder).join(', ');
    throw new EngineError(`apply the patch: ${outside[0]} is in none of ${folders}`);
  }
  // Not as a part of the repository around it, where git would pass over files it ignores.
  const env = { ...processEnvironment(), GIT_CEILING_DIRECTORIES: dirname(tree) };
  const { code, output } = await run('git', ['apply', '--whitespace=nowarn', '-'], {
    cwd: tree,
    env,
    input: patch,
  });
  if (code !== 0) throw new EngineError(`apply the patch: ${output.trim()}`);
}

async function must(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, output } = await run(program, args, { cwd });
  if (code !== 0) throw new EngineError(`${program} ${args.join(' ')}: ${output.trim()}`);
}
