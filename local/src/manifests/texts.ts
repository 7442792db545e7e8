import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../engine-error.ts';

/** A manifest as it is written; `path` is below the project's root. */
export type ManifestText = { readonly path: string; readonly text: string };

const SERVICE_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The files that describe a service: how it is run, how calls of it travel, who may call it, how its
 * versions roll out. They are named after it.
 */
export async function manifestTexts(root: string, service: string): Promise<ManifestText[]> {
  if (!SERVICE_NAME.test(service)) {
    throw new EngineError(`read manifests of '${service.slice(0, 64)}': expected a service's name`);
  }
  const folders = await readdir(join(root, 'services'));
  const paths = [
    ...folders.toSorted().map((folder) => `services/${folder}/deploy/${service}.yaml`),
    ...['routes', 'policy', 'canary'].map((folder) => `mesh/${folder}/${service}.yaml`),
  ];
  const texts = await Promise.all(paths.map((path) => readIfPresent(root, path)));
  return texts.flatMap((text) => text ?? []);
}

async function readIfPresent(root: string, path: string): Promise<ManifestText | undefined> {
  try {
    return { path, text: await readFile(join(root, path), 'utf8') };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
