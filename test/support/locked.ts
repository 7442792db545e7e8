import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { root } from '../../tools/config.ts';

type Asked = Record<string, string>;

/** What npm's lockfile says of a place, of which this needs what leads to others. */
type Locked = {
  dependencies?: Asked;
  optionalDependencies?: Asked;
  peerDependencies?: Asked;
  /** Of a link: the folder of ours that it leads to. */
  link?: true;
  resolved?: string;
};

/**
 * Where npm installs what the workspace in `folder` needs to run, itself included: `node_modules/…`
 * each. Without development dependencies; with what is for other platforms. Asking `npm ls` takes most
 * of a second for each workspace.
 */
export async function lockedPackages(folder: string): Promise<string[]> {
  const text = await readFile(join(root, 'package-lock.json'), 'utf8');
  // npm wrote it, in its own format.
  const { packages } = JSON.parse(text) as { packages: Record<string, Locked> };
  const own = Object.keys(packages).filter((place) => packages[place]?.resolved === folder);
  const found = new Set(own);
  // A set that grows while it is gone through: what is added has its turn, too.
  for (const place of found) {
    const from = packages[place]?.link ? (packages[place].resolved ?? '') : place;
    const { dependencies, optionalDependencies, peerDependencies } = packages[from] ?? {};
    const asked = { ...dependencies, ...optionalDependencies, ...peerDependencies };
    for (const name of Object.keys(asked)) {
      const next = placesOf(name, from).find((one) => one in packages);
      if (next !== undefined) found.add(next);
    }
  }
  return [...found];
}

/** Where Node.js looks for a package, the nearest first. */
function placesOf(name: string, from: string): string[] {
  const here = from.endsWith('node_modules') ? [] : [join(from, 'node_modules', name)];
  return from === '.' ? here : [...here, ...placesOf(name, dirname(from))];
}
