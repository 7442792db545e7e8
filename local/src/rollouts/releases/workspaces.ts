import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';

const manifest = z.object({
  name: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
});

const rootManifest = z.object({ workspaces: z.array(z.string()) });

/** A package of the project. */
export type Workspace = { name: string; folder: string };

const ours = '@faultline/';

/**
 * A service and the packages of the project that it needs, itself first, as folders below `root`.
 * Throws when there is no such service, or it needs a package that is not there.
 */
export async function linkedWorkspaces(root: string, service: string): Promise<Workspace[]> {
  const found = new Map<string, Workspace>();
  const waiting = [join('services', service)];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const { name, dependencies } = await readManifest(root, folder);
    if (found.has(name)) continue;
    found.set(name, { name, folder });
    for (const needed of Object.keys(dependencies)) {
      if (!needed.startsWith(ours) || found.has(needed)) continue;
      waiting.push(await folderOf(root, needed));
    }
  }
  return [...found.values()];
}

async function readManifest(root: string, folder: string): Promise<z.output<typeof manifest>> {
  const path = join(root, folder, 'package.json');
  try {
    return manifest.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new Error(`read ${path}: expected a package’s name and dependencies`, { cause });
  }
}

/** Where a package of the project stands: by the link that npm made, or by the usual places. */
async function folderOf(root: string, name: string): Promise<string> {
  const linked = await realpath(join(root, 'node_modules', name)).catch(() => undefined);
  if (linked !== undefined) return relative(await realpath(root), linked);
  const short = name.slice(ours.length);
  const { workspaces } = rootManifest.parse(
    JSON.parse(await readFile(join(root, 'package.json'), 'utf8')),
  );
  for (const pattern of workspaces) {
    const folder = pattern.endsWith('/*') ? join(dirname(pattern), short) : pattern;
    const found = await readManifest(root, folder).catch(() => undefined);
    if (found?.name === name) return folder;
  }
  throw new Error(`find ${name}: it is none of the project’s packages`);
}
