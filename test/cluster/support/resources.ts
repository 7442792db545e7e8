import type { z } from 'zod';
import { type Manifest, nameOf, type Problem } from './manifest.ts';
import { coreKinds } from './schemas/core.ts';
import { customKinds } from './schemas/custom.ts';
import type { PodTemplate } from './schemas/pod.ts';

const kinds = { ...coreKinds, ...customKinds };

type Kinds = typeof kinds;

/** Manifests that fit their schemas, by kind. */
export type Resources = { [Kind in keyof Kinds]: z.output<Kinds[Kind]>[] };

/** The manifests by kind, and what does not fit its schema, or exists twice. */
export function readResources(manifests: readonly Manifest[]): {
  resources: Resources;
  problems: Problem[];
} {
  const problems: Problem[] = [...duplicates(manifests), ...manifests.flatMap(checkKind)];
  const ofKind = <Kind extends keyof Kinds>(kind: Kind) =>
    manifests
      .filter((one) => one.kind === kind)
      .flatMap((one) => parseOne(one, { schema: kinds[kind], problems }));
  // Each key is read by the schema of its own kind.
  const resources = Object.fromEntries(
    Object.keys(kinds).map((kind) => [kind, ofKind(kind as keyof Kinds)]),
  ) as Resources;
  return { resources, problems };
}

function parseOne<S extends z.ZodType>(
  one: Manifest,
  { schema, problems }: { schema: S; problems: Problem[] },
): z.output<S>[] {
  const result = schema.safeParse(one);
  if (result.success) return [result.data];
  for (const issue of result.error.issues) {
    problems.push({ what: nameOf(one), message: `${issue.path.join('.')}: ${issue.message}` });
  }
  return [];
}

function checkKind(one: Manifest): Problem[] {
  if (one.kind in kinds) return [];
  return [{ what: nameOf(one), message: `kind: there is no schema of ${one.kind}` }];
}

function duplicates(manifests: readonly Manifest[]): Problem[] {
  const seen = new Set<string>();
  return manifests.flatMap((one) => {
    const what = nameOf(one);
    const isSecond = seen.has(what);
    seen.add(what);
    return isSecond ? [{ what, message: 'exists twice' }] : [];
  });
}

/** Something that makes pods. */
export type Workload = {
  what: string;
  name: string;
  namespace: string;
  kind: 'Deployment' | 'StatefulSet' | 'Job';
  selector: Resources['Deployment'][number]['spec']['selector'];
  template: PodTemplate;
  /** Claims that come with each pod, as volumes. */
  claims: readonly string[];
};

export function workloads({ Deployment, StatefulSet, Job }: Resources): Workload[] {
  const toWorkload = (
    one: Resources['Deployment'][number] | Resources['StatefulSet'][number],
  ): Workload => ({
    what: `${one.kind} ${one.metadata.name}`,
    name: one.metadata.name,
    namespace: one.metadata.namespace ?? 'default',
    kind: one.kind,
    selector: one.spec.selector,
    template: one.spec.template,
    claims:
      one.kind === 'StatefulSet'
        ? one.spec.volumeClaimTemplates.map((claim) => claim.metadata.name)
        : [],
  });
  const jobs = Job.map(({ kind, metadata, spec }): Workload => ({
    what: `${kind} ${metadata.name}`,
    name: metadata.name,
    namespace: metadata.namespace ?? 'default',
    kind,
    // Kubernetes makes one itself.
    selector: { matchLabels: {}, matchExpressions: [] },
    template: spec.template,
    claims: [],
  }));
  return [...Deployment.map(toWorkload), ...StatefulSet.map(toWorkload), ...jobs];
}
