import type { Problem } from '../manifest.ts';
import { type Resources, type Workload, workloads } from '../resources.ts';
import { selects } from '../schemas/common.ts';
import { problem } from './references.ts';

type Policy = Resources['NetworkPolicy'][number];
type Rule = Policy['spec']['egress'][number];
type Peer = NonNullable<Rule['to']>[number];
type Receiver = {
  readonly what: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The pod's own, and the one at which its sidecar takes what is meshed. */
  readonly ports: readonly number[];
};

/** What each sidecar calls of itself, whatever its pod does: tilt/cluster and mesh/linkerd. */
const needed: readonly Receiver[] = [
  {
    what: 'names',
    namespace: 'kube-system',
    labels: { 'k8s-app': 'kube-dns' },
    ports: [53],
  },
  {
    what: 'Linkerd’s control plane',
    namespace: 'linkerd',
    labels: {},
    ports: [8080, 8086, 8090, 4143],
  },
  {
    what: 'the collector of spans',
    namespace: 'observability',
    labels: { 'app.kubernetes.io/name': 'collector' },
    ports: [4317, 4143],
  },
];

/** Pods with a sidecar that may not go where they like are let out to what the sidecar needs. */
export function checkSidecars(all: Resources): Problem[] {
  return workloads(all)
    .filter((one) => isMeshed(one, all))
    .flatMap((one) => {
      const policies = all.NetworkPolicy.filter(
        ({ metadata, spec }) =>
          metadata.namespace === one.namespace &&
          spec.policyTypes.includes('Egress') &&
          selects(spec.podSelector, one.template.metadata.labels),
      );
      if (policies.length === 0) return [];
      const rules = policies.flatMap(({ spec }) => spec.egress);
      return needed.flatMap((receiver) =>
        receiver.ports
          .filter((port) => !rules.some((rule) => isLetOut(rule, receiver, port)))
          .map((port) => {
            const message = `its sidecar is not let out to ${receiver.what} at port ${port}`;
            return problem(one.what, message);
          }),
      );
    });
}

/** Linkerd asks the pod first, then its namespace. */
function isMeshed({ template, namespace }: Workload, all: Resources): boolean {
  const place = all.Namespace.find(({ metadata }) => metadata.name === namespace);
  const said = [template.metadata, place?.metadata].map(
    (one) => one?.annotations['linkerd.io/inject'],
  );
  return said.find((one) => one !== undefined) === 'enabled';
}

function isLetOut({ to, ports }: Rule, receiver: Receiver, port: number): boolean {
  const isReceiver = to === undefined || to.some((peer) => isPeer(peer, receiver));
  return isReceiver && (ports === undefined || ports.some((one) => one.port === port));
}

/** Whether a rule that names a namespace means such a pod. */
export function isPeer(
  { namespaceSelector, podSelector, ipBlock }: Peer,
  { namespace, labels }: Pick<Receiver, 'namespace' | 'labels'>,
): boolean {
  const place = { 'kubernetes.io/metadata.name': namespace };
  return (
    ipBlock === undefined &&
    namespaceSelector !== undefined &&
    selects(namespaceSelector, place) &&
    (podSelector === undefined || selects(podSelector, labels))
  );
}
