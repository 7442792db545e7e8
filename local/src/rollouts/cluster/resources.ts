import { z } from 'zod';
import { type Canary, templateKey, toCanary, type Weights } from '../canary.ts';
import { kinds } from '../schema.ts';

/*
 * What `kubectl get … --output=json` answers, as far as it is read here. Whoever else may have
 * written these resources: fields that are unknown are left out, not refused.
 */
const strings = z.record(z.string(), z.string()).default({});
const list = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item) });

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
  lastTransitionTime: z.string().nullish(),
});

/** Flagger's own account of a Canary. */
const canaryStatus = z.object({
  phase: z.string().default(''),
  failedChecks: z.int().default(0),
  canaryWeight: z.int().default(0),
  iterations: z.int().default(0),
  conditions: z.array(condition).default([]),
});

const liveCanary = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.looseObject({}),
  status: canaryStatus.prefault({}),
});

const liveTemplate = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.looseObject({}),
});

const podTemplate = z.object({
  metadata: z.object({ labels: strings }).prefault({}),
  spec: z.object({ containers: z.array(z.object({ image: z.string().default('') })) }),
});

const replicaSet = z.object({
  metadata: z.object({
    creationTimestamp: z.string().nullish(),
    annotations: strings,
    ownerReferences: z.array(z.object({ name: z.string() })).default([]),
  }),
  spec: z.object({ template: podTemplate }),
});

const deployment = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ replicas: z.int().default(1), template: podTemplate }),
  status: z.object({ availableReplicas: z.int().default(0) }).prefault({}),
});

const route = z.object({
  spec: z.object({
    rules: z
      .array(
        z.object({
          backendRefs: z
            .array(z.object({ name: z.string(), weight: z.int().default(1) }))
            .default([]),
        }),
      )
      .default([]),
  }),
});

const event = z.object({
  type: z.string().default('Normal'),
  message: z.string().default(''),
  firstTimestamp: z.string().nullish(),
  lastTimestamp: z.string().nullish(),
  /** Of events that are written in the newer way. */
  eventTime: z.string().nullish(),
});

export type FlaggerStatus = z.output<typeof canaryStatus>;
type Deployment = z.output<typeof deployment>;

/** Something that was said about a Canary; the same words again are the same event. */
export type Told = { type: 'Normal' | 'Warning'; message: string; firstAt: string; lastAt: string };

/** A Canary of a cluster: what it asks for, and how far it is. */
export type LiveCanary = {
  canary: Canary;
  status: FlaggerStatus;
  /** Where its MetricTemplates say that Prometheus is. */
  prometheus: { address: string; namespace: string } | undefined;
};

/** The namespaces in which a Canary's MetricTemplates are. */
export function templateNamespaces(answer: unknown): string[] {
  const { metadata, spec } = readCanary(answer);
  const metrics = spec.analysis?.metrics ?? [];
  const namespaces = metrics.flatMap(({ templateRef }) =>
    templateRef ? [templateRef.namespace ?? metadata.namespace] : [],
  );
  return [...new Set(namespaces)];
}

/** A Canary with its templates, from lists of all templates there are. */
export function parseCanary(answer: unknown, templateLists: readonly unknown[]): LiveCanary {
  const manifest = readCanary(answer);
  const { namespace } = manifest.metadata;
  const known = new Map(
    templateLists
      .flatMap((one) => list(z.unknown()).parse(one).items)
      .flatMap((one) => readTemplate(one))
      .map((one) => [`${one.metadata.namespace}/${one.metadata.name}`, one]),
  );
  const metrics = manifest.spec.analysis?.metrics ?? [];
  const used = metrics.flatMap((metric) => known.get(templateKey(metric, namespace) ?? '') ?? []);
  const [first] = used.flatMap(({ metadata, spec: { provider } }) =>
    provider.address === undefined
      ? []
      : [{ address: provider.address, namespace: metadata.namespace }],
  );
  return {
    canary: toCanary(manifest, known),
    status: liveCanary.parse(answer).status,
    prometheus: first,
  };
}

function readCanary(answer: unknown): z.output<typeof kinds.Canary> {
  const { metadata, spec } = liveCanary.parse(answer);
  const { name, namespace } = metadata;
  // Whose kind may be any that scales; nothing here depends on it.
  const { autoscalerRef: _, ...rest } = spec;
  return parseKnown(kinds.Canary, {
    apiVersion: 'flagger.app/v1beta1',
    kind: 'Canary',
    metadata: { name, namespace },
    spec: rest,
  });
}

/** None when it asks something else than Prometheus. */
function readTemplate(answer: unknown): z.output<typeof kinds.MetricTemplate>[] {
  const { metadata, spec } = liveTemplate.parse(answer);
  const { name, namespace } = metadata;
  try {
    const manifest = {
      apiVersion: 'flagger.app/v1beta1',
      kind: 'MetricTemplate',
      metadata: { name, namespace },
      spec,
    };
    return [parseKnown(kinds.MetricTemplate, manifest)];
  } catch (error) {
    if (error instanceof z.ZodError) return [];
    throw error;
  }
}

/** Parses by a strict schema what may hold more than it knows. Throws a ZodError. */
function parseKnown<Schema extends z.ZodType>(schema: Schema, value: object): z.output<Schema> {
  const rest = structuredClone(value);
  const { error } = schema.safeParse(rest);
  for (const issue of error?.issues ?? []) {
    if (issue.code !== 'unrecognized_keys') continue;
    const owner = issue.path.reduce<unknown>((at, key) => Reflect.get(Object(at), key), rest);
    for (const key of issue.keys) Reflect.deleteProperty(Object(owner), key);
  }
  return schema.parse(rest);
}

/** A version of a service as its Deployment has it. */
export type LiveVersion = { version: string; replicas: number; ready: number };

/** Deployments by name. */
export function parseDeployments(answer: unknown): ReadonlyMap<string, LiveVersion> {
  const items = answer === undefined ? [] : list(deployment).parse(answer).items;
  return new Map(items.map((one) => [one.metadata.name, toVersion(one)]));
}

function toVersion({ spec, status }: Deployment): LiveVersion {
  const version = versionOf(spec.template);
  return { version, replicas: spec.replicas, ready: status.availableReplicas };
}

function versionOf({ metadata, spec }: z.output<typeof podTemplate>): string {
  return metadata.labels['app.kubernetes.io/version'] ?? tagOf(spec.containers[0]?.image ?? '');
}

/** Also where it has a digest or a registry with a port. */
function tagOf(image: string): string {
  const [name = ''] = image.split('@', 1);
  return /:(?<tag>[\w.-]+)$/.exec(name)?.groups?.['tag'] ?? image;
}

/** What the ReplicaSets of a Deployment tell of its past. */
export type Past = {
  /** Since when there is a pod template like the present one; null where that is not known. */
  appliedAt: string | null;
  /** The version before the present one. */
  formerVersion: string | null;
};

/** The past of a Deployment, from a list that has its ReplicaSets among others. */
export function parsePast(answer: unknown, name: string): Past {
  const revisions = list(replicaSet)
    .parse(answer)
    .items.filter(({ metadata }) => metadata.ownerReferences.some((owner) => owner.name === name))
    .toSorted((one, other) => revisionOf(other) - revisionOf(one));
  const [present, former] = revisions;
  return {
    appliedAt: present?.metadata.creationTimestamp ?? null,
    formerVersion: former ? versionOf(former.spec.template) : null,
  };
}

function revisionOf({ metadata }: z.output<typeof replicaSet>): number {
  return Number(metadata.annotations['deployment.kubernetes.io/revision'] ?? 0);
}

/** How a Canary's route splits calls; undefined where there is no such route. */
export function parseWeights(
  answer: unknown,
  { services }: Pick<Canary, 'services'>,
): Weights | undefined {
  if (answer === undefined) return undefined;
  const refs = route.parse(answer).spec.rules.flatMap(({ backendRefs }) => backendRefs);
  const primary = refs.find(({ name }) => name === services.primary);
  const canary = refs.find(({ name }) => name === services.canary);
  if (primary === undefined && canary === undefined) return undefined;
  return { primary: primary?.weight ?? 0, canary: canary?.weight ?? 0 };
}

/** What was said about a Canary, oldest first. */
export function parseEvents(answer: unknown): Told[] {
  return list(event)
    .parse(answer)
    .items.flatMap(({ type, message, ...times }): Told[] => {
      const lastAt = times.lastTimestamp ?? times.eventTime ?? times.firstTimestamp;
      if (!lastAt) return [];
      const kind = type === 'Warning' ? 'Warning' : 'Normal';
      return [{ type: kind, message, firstAt: times.firstTimestamp ?? lastAt, lastAt }];
    })
    .toSorted((one, other) => Date.parse(one.lastAt) - Date.parse(other.lastAt));
}
