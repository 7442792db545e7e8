import type { z } from 'zod';
import type { Kind } from './fields.ts';
import { egressNetwork } from './egress.ts';
import { readYamlFiles } from './folders.ts';
import { httpRoute } from './http-route.ts';
import { issueProblems } from './issues.ts';
import type { MeshManifests, Named } from './model.ts';
import { grpcRoute, refusedKinds, serviceProfile } from './other-kinds.ts';
import {
  authorizationPolicy,
  meshTlsAuthentication,
  networkAuthentication,
  rateLimit,
  server,
} from './policy.ts';
import { problemAt, type Source } from './place.ts';
import { ManifestError, type Problem } from './problem.ts';
import { readDocuments, type TextFile } from './read.ts';

const kinds = [
  'HTTPRoute',
  'GRPCRoute',
  'Server',
  'AuthorizationPolicy',
  'MeshTLSAuthentication',
  'NetworkAuthentication',
  'HTTPLocalRateLimitPolicy',
  'ServiceProfile',
  'EgressNetwork',
];

export type LoadOptions = {
  /**
   * Default. What Linkerd would ignore, drop or answer with 500 is refused with the reason. When
   * false it does here what it does there, with a warning.
   */
  strict?: boolean;
};

export type Loaded = { manifests: MeshManifests; warnings: readonly Problem[] };

/**
 * Reads the YAML files in `dirs`, named by their path from `root`; a folder that is missing is
 * empty. Throws a `ManifestError` that lists everything that is wrong.
 */
export async function loadMeshManifests(
  { root, dirs }: { root: string; dirs: readonly string[] },
  options: LoadOptions = {},
): Promise<Loaded> {
  return parseMeshManifests(await readYamlFiles(root, dirs), options);
}

/** Parses and checks manifests. Throws a `ManifestError` that lists everything that is wrong. */
export function parseMeshManifests(
  files: readonly TextFile[],
  { strict = true }: LoadOptions = {},
): Loaded {
  const { sources, problems } = readDocuments(files);
  const reader = new Reader(sources, { strict });
  const manifests: MeshManifests = {
    routes: reader.read('HTTPRoute', httpRoute),
    grpcRoutes: reader.read('GRPCRoute', grpcRoute),
    servers: reader.read('Server', server),
    authorizationPolicies: reader.read('AuthorizationPolicy', authorizationPolicy),
    meshTlsAuthentications: reader.read('MeshTLSAuthentication', meshTlsAuthentication),
    networkAuthentications: reader.read('NetworkAuthentication', networkAuthentication),
    rateLimits: reader.read('HTTPLocalRateLimitPolicy', rateLimit),
    serviceProfiles: reader.read('ServiceProfile', serviceProfile),
    egressNetworks: reader.read('EgressNetwork', egressNetwork),
  };
  const all = [...problems, ...sources.flatMap(checkKind), ...reader.problems];
  if (all.length > 0) throw new ManifestError(all);
  return { manifests, warnings: reader.warnings };
}

/** Reads kind after kind and collects what is wrong. */
class Reader {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #sources: readonly Source[];
  readonly #strict: boolean;
  readonly #seen = new Map<string, Source>();

  constructor(sources: readonly Source[], { strict }: { strict: boolean }) {
    this.#sources = sources;
    this.#strict = strict;
  }

  read<Schema extends z.ZodType, Model extends Named>(
    kind: string,
    how: Kind<Schema, Model>,
  ): Model[] {
    const sources = this.#sources.filter(({ document }) => document.get('kind') === kind);
    return sources.flatMap((source) => {
      const parsed = how.schema.safeParse(source.document.toJS());
      if (!parsed.success) {
        const unknown = 'not a field that the mesh knows';
        this.problems.push(
          ...parsed.error.issues.flatMap((issue) => issueProblems(source, issue, unknown)),
        );
        return [];
      }
      for (const { path, message, effect } of how.findings(parsed.data)) {
        const isRefused = effect === 'reject' || (this.#strict && effect !== 'warn');
        const list = isRefused ? this.problems : this.warnings;
        list.push(problemAt(source, path, message));
      }
      const model = how.toModel(parsed.data);
      this.#checkDuplicate(source, model);
      return [model];
    });
  }

  #checkDuplicate(source: Source, { ref }: Named): void {
    const key = `${ref.group}/${ref.kind}/${ref.namespace}/${ref.name}`;
    const before = this.#seen.get(key);
    this.#seen.set(key, source);
    if (before === undefined) return;
    const message = `'${ref.name}' is also in ${before.file}`;
    this.problems.push(problemAt(source, ['metadata', 'name'], message));
  }
}

function checkKind(source: Source): Problem[] {
  const kind: unknown = source.document.get('kind');
  if (typeof kind === 'string' && kinds.includes(kind)) return [];
  const name = String(kind);
  const reason =
    typeof kind === 'string' && Object.hasOwn(refusedKinds, kind)
      ? refusedKinds[kind]
      : `expected one of ${kinds.join(', ')}`;
  return [problemAt(source, ['kind'], `'${name}' is not supported by the mesh: ${reason}`)];
}
