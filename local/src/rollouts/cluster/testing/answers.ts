import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { Kubectl } from '../read.ts';

/** What kubectl would answer, by its first arguments; undefined: it is not there. */
export type Answers = Readonly<Record<string, unknown>>;

const canaryDir = new URL('../../../../../mesh/canary/', import.meta.url);

function manifests(file: string): Record<string, unknown>[] {
  const text = readFileSync(fileURLToPath(new URL(file, canaryDir)), 'utf8');
  return parseAllDocuments(text).map((one): Record<string, unknown> => one.toJS());
}

type Status = Readonly<Record<string, unknown>>;

/** The Canary of orders as a cluster has it: with all that Kubernetes and Flagger add. */
function liveCanary(status: Status, spec: object): unknown {
  const [manifest] = manifests('orders.yaml');
  const written = Object(manifest?.['spec']);
  return {
    ...manifest,
    metadata: {
      ...Object(manifest?.['metadata']),
      namespace: 'shop',
      generation: 1,
      resourceVersion: '4711',
      uid: '2f8c1f0a-0000-4000-8000-000000000001',
      managedFields: [{ manager: 'flagger' }],
    },
    spec: {
      ...written,
      autoscalerRef: { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'orders' },
      revertOnDeletion: false,
      ...spec,
      analysis: { ...written.analysis, alerts: [], webhooks: [] },
    },
    status,
  };
}

function templates(): unknown {
  const items = manifests('metrics.yaml').map((one) => ({
    ...one,
    metadata: { ...Object(one['metadata']), namespace: 'shop', resourceVersion: '1' },
    spec: {
      ...Object(one['spec']),
      provider: { type: 'prometheus', address: 'http://prometheus.observability:9090' },
    },
  }));
  return { kind: 'List', items };
}

function deployment(name: string, version: string, replicas: number): unknown {
  return {
    metadata: { name, namespace: 'shop' },
    spec: { replicas, template: podTemplate(version) },
    status: { observedGeneration: 3, ...(replicas > 0 && { availableReplicas: replicas }) },
  };
}

function podTemplate(version: string): unknown {
  return {
    metadata: { labels: { 'app.kubernetes.io/version': version } },
    spec: { containers: [{ name: 'orders', image: `ghcr.io/faultline/orders:${version}` }] },
  };
}

function replicaSet(owner: string, revision: number, at: { version: string; made: string }) {
  return {
    metadata: {
      name: `${owner}-${revision}`,
      creationTimestamp: at.made,
      annotations: { 'deployment.kubernetes.io/revision': String(revision) },
      ownerReferences: [{ kind: 'Deployment', name: owner, controller: true }],
    },
    spec: { replicas: 0, template: podTemplate(at.version) },
  };
}

export type Scene = {
  phase: string;
  /** Of the condition that Flagger sets. */
  promoted: { status: string; at: string };
  versions: { primary: string; target: string; targetReplicas: number };
  /** What the primary had before. */
  formerly: string;
  /** Since when there is a template like the target's. */
  applied: string;
  weights?: { primary: number; canary: number };
  status?: Status;
  spec?: object;
  events: readonly unknown[];
};

/** What kubectl answers of orders. */
export function answersOf(scene: Scene): Answers {
  const { phase, promoted, versions, weights } = scene;
  const { primary, target, targetReplicas } = versions;
  const condition = {
    type: 'Promoted',
    status: promoted.status,
    reason: phase,
    message: `the condition of ${phase}`,
    lastUpdateTime: promoted.at,
    lastTransitionTime: promoted.at,
  };
  const status = { phase, failedChecks: 0, canaryWeight: 0, iterations: 0, ...scene.status };
  const sets = [
    replicaSet('orders-primary', 2, { version: primary, made: scene.applied }),
    replicaSet('orders-primary', 1, { version: scene.formerly, made: '2026-01-01T08:00:00Z' }),
    replicaSet('orders', 5, { version: target, made: scene.applied }),
    replicaSet('orders', 4, { version: primary, made: '2026-01-01T08:00:00Z' }),
  ];
  return {
    'canaries.flagger.app orders': liveCanary(
      { ...status, conditions: [condition] },
      scene.spec ?? {},
    ),
    'metrictemplates.flagger.app --namespace=shop': templates(),
    'deployments.apps orders orders-primary --ignore-not-found': {
      items: [
        deployment('orders', target, targetReplicas),
        deployment('orders-primary', primary, 1),
      ],
    },
    'replicasets.apps': { items: sets },
    'httproutes.gateway.networking.k8s.io orders --ignore-not-found': weights && {
      spec: {
        rules: [
          {
            backendRefs: [
              { group: '', kind: 'Service', name: 'orders-primary', weight: weights.primary },
              { group: '', kind: 'Service', name: 'orders-canary', weight: weights.canary },
            ],
          },
        ],
      },
    },
    'events --field-selector=involvedObject.kind=Canary,involvedObject.name=orders': {
      items: scene.events,
    },
  };
}

/** An event as Flagger's recorder writes it; the same words again only move `last`. */
export function event(
  first: string,
  message: string,
  { type = 'Normal', last = first }: { type?: string; last?: string } = {},
): unknown {
  return {
    type,
    reason: 'Synced',
    message,
    firstTimestamp: `2026-01-01T${first}Z`,
    lastTimestamp: `2026-01-01T${last}Z`,
    count: first === last ? 1 : 2,
    involvedObject: { kind: 'Canary', name: 'orders', namespace: 'shop' },
  };
}

export function answering(answers: Answers): Kubectl {
  return {
    namespace: 'shop',
    async get(...args) {
      const words = args.join(' ');
      if (words in answers) return answers[words];
      throw new Error(`nobody expected: get ${words}`);
    },
  };
}
