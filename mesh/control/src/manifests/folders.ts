import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { TextFile } from './read.ts';

/**
 * The YAML files in `dirs`, in order and named by their path from `root`. A folder that does not
 * exist is empty.
 */
export async function readYamlFiles(root: string, dirs: readonly string[]): Promise<TextFile[]> {
  const files: TextFile[] = [];
  for (const dir of dirs) {
    const names = (await listFolder(dir)).filter((name) => /\.ya?ml$/.test(name));
    for (const name of names.toSorted()) {
      const path = join(dir, name);
      files.push({ file: relative(root, path), text: await readFile(path, 'utf8') });
    }
  }
  return files;
}

async function listFolder(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
