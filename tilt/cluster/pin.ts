import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main, named } from './run.ts';
import { root } from './steps.ts';

/** What a service runs in production from now on. */
export type Release = {
  service: string;
  /** `registry/name`, without a tag. */
  image: string;
  /** `sha256:…` */
  digest: string;
  /** What telemetry calls it. */
  version: string;
};

/** `registry/name@sha256:…` and a version, as a release. Throws on what is none. */
export function readRelease(service: string, image = '', version = ''): Release {
  const [, path, digest] = /^([a-z0-9][a-z0-9./:_-]*)@(sha256:[0-9a-f]{64})$/.exec(image) ?? [];
  if (path === undefined || digest === undefined) {
    throw new Error(`expected an image with its digest, name@sha256:…, not '${image}'`);
  }
  if (!/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(version)) {
    throw new Error(`expected a version that can be a label, not '${version}'`);
  }
  return { service, image: path, digest, version };
}

/** The text of `deploy/prod/kustomization.yaml` with that release. */
export function pinned(text: string, { service, image, digest, version }: Release): string {
  const images = [
    'images:',
    `  - name: ghcr.io/faultline/${service}`,
    `    newName: ${image}`,
    `    digest: ${digest}`,
    '',
  ].join('\n');
  return replaceOne(
    replaceOne(text, /^images:\n(?: .*\n?)+/m, images),
    /(?<=path: \S+\/app\.kubernetes\.io~1version\n +value: ).*/,
    // A number would be none of Kubernetes' labels.
    `"${version}"`,
  );
}

/** The text of `deploy/prod/migrations/kustomization.yaml` with that release. */
export function renamed(text: string, { digest }: Release): string {
  const suffix = `-${digest.slice('sha256:'.length).slice(0, 12)}`;
  return replaceOne(text, /(?<=^nameSuffix: ).*/m, suffix);
}

function replaceOne(text: string, pattern: RegExp, replacement: string): string {
  const found = [...text.matchAll(new RegExp(pattern.source, `${pattern.flags}g`))];
  if (found.length === 1) return text.replace(pattern, () => replacement);
  throw new Error(
    `expected ${pattern.source} once in the kustomization, not ${found.length} times`,
  );
}

/** Writes a release into the service's folder below `dir`. */
export function pin(dir: string, release: Release): void {
  const folder = join(dir, 'services', release.service, 'deploy/prod');
  edit(join(folder, 'kustomization.yaml'), (text) => pinned(text, release));
  const migrations = join(folder, 'migrations/kustomization.yaml');
  if (existsSync(migrations)) edit(migrations, (text) => renamed(text, release));
}

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

/*
 * `node tilt/cluster/pin.ts orders ghcr.io/me/orders@sha256:… 3f2c1a9b` has production run that image,
 * from the next time that services/orders/deploy/prod is applied.
 */
if (import.meta.main) {
  await main(async () => {
    const [service, image, version] = process.argv.slice(2);
    pin(root, readRelease(named(service, 'a service'), image, version));
  });
}
