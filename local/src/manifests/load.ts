import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readYamlFiles } from '@faultline/mesh-control/manifests/folders';
import { issueProblems } from '@faultline/mesh-control/manifests/issues';
import { problemAt, type Source } from '@faultline/mesh-control/manifests/place';
import { ManifestError, type Problem } from '@faultline/mesh-control/manifests/problem';
import { readDocuments, type TextFile } from '@faultline/mesh-control/manifests/read';
import type { z } from 'zod';
import { toService } from './annotations.ts';
import { toDeployment, type Manifests } from './model.ts';
import { withoutIneffective } from './no-effect.ts';
import { checkReferences, type Resource, type Resources } from './references.ts';
import { kinds } from './schema.ts';

/**
 * Reads and checks every manifest of the project at `root`: the YAML files in each service's
 * `deploy` folder and in the root's. Throws a `ManifestError` that lists everything that is wrong.
 */
export async function loadManifests(root: string): Promise<Manifests> {
  const { sources, problems } = readDocuments(await readFiles(root));
  const documents = { sources, problems };
  const resources: Resources = {
    Deployment: parseKind('Deployment', kinds.Deployment, documents),
    Service: parseKind('Service', kinds.Service, documents),
    ServiceAccount: parseKind('ServiceAccount', kinds.ServiceAccount, documents),
    ConfigMap: parseKind('ConfigMap', kinds.ConfigMap, documents),
    Secret: parseKind('Secret', kinds.Secret, documents),
    PersistentVolumeClaim: parseKind(
      'PersistentVolumeClaim',
      kinds.PersistentVolumeClaim,
      documents,
    ),
  };
  problems.push(...sources.flatMap(checkKind));
  // A reference to something that is itself wrong would be reported twice.
  if (problems.length === 0) {
    problems.push(...checkReferences(resources, await serviceFolders(root)));
  }
  if (problems.length > 0) throw new ManifestError(problems);
  if (resources.Deployment.length === 0) {
    throw new Error(`read manifests: found no Deployment in ${join(root, 'services/*/deploy')}`);
  }
  return toManifests(resources);
}

async function serviceFolders(root: string): Promise<Set<string>> {
  const entries = await readdir(join(root, 'services'), { withFileTypes: true });
  return new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
}

async function readFiles(root: string): Promise<TextFile[]> {
  const services = [...(await serviceFolders(root))].toSorted();
  const folders = services.map((name) => join(root, 'services', name, 'deploy'));
  return readYamlFiles(root, [...folders, join(root, 'deploy')]);
}

function checkKind(source: Source): Problem[] {
  const kind: unknown = source.document.get('kind');
  if (typeof kind === 'string' && kind in kinds) return [];
  const expected = Object.keys(kinds).join(', ');
  const message = `'${String(kind)}' is not supported by the local engine; expected one of ${expected}`;
  return [problemAt(source, ['kind'], message)];
}

function parseKind<S extends z.ZodType>(
  kind: string,
  schema: S,
  { sources, problems }: { sources: readonly Source[]; problems: Problem[] },
): Resource<z.output<S>>[] {
  const ofKind = sources.filter(({ document }) => document.get('kind') === kind);
  return ofKind.flatMap((source) => {
    const result = schema.safeParse(withoutIneffective(kind, source.document.toJS()));
    if (result.success) return [{ source, manifest: result.data }];
    const unknown = 'not supported by the local engine';
    problems.push(...result.error.issues.flatMap((issue) => issueProblems(source, issue, unknown)));
    return [];
  });
}

function toManifests(resources: Resources): Manifests {
  return {
    deployments: resources.Deployment.map(({ manifest }) => toDeployment(manifest)),
    services: resources.Service.map(({ manifest }) => toService(manifest)),
    configMaps: new Map(
      resources.ConfigMap.map(({ manifest }) => [manifest.metadata.name, manifest.data]),
    ),
    secrets: new Map(
      resources.Secret.map(({ manifest }) => [
        manifest.metadata.name,
        { ...decode(manifest.data), ...manifest.stringData },
      ]),
    ),
  };
}

function decode(data: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}
