import type { Problem } from '../manifest.ts';
import { type Resources, type Workload, workloads } from '../resources.ts';
import { type LabelSelector, selects } from '../schemas/common.ts';
import { inNamespace, podHasPort, problem } from './references.ts';

type Policy = Resources['NetworkPolicy'][number];

/** Where the sidecar listens: meshed traffic, metrics. */
const sidecarPorts = [4143, 4191];
/** What others install, and name as they like. */
const foreign = ['kube-system', 'linkerd', 'flagger-system', 'keda', 'cnpg-system'];

type Labels = Readonly<Record<string, string>>;

/**
 * A pod that no manifest describes, by the labels that it has in all versions of CloudNativePG: before
 * 1.28 those of its Jobs had none but its own.
 */
function databasePod({ metadata: { name } }: Resources['Cluster'][number]): Labels {
  return { 'cnpg.io/cluster': name, 'cnpg.io/instanceName': `${name}-1` };
}

/** Network policies select what there is, let in whom the mesh lets in, and leave nothing open. */
export function checkNetwork(all: Resources): Problem[] {
  return [
    ...all.NetworkPolicy.flatMap((policy) => checkPeers(policy, all)),
    ...undefended(all),
    ...all.Cluster.flatMap((one) => checkDatabase(one, all)),
    ...all.MeshTLSAuthentication.flatMap((one) => checkAgainstIdentities(one, all)),
  ];
}

function checkPeers(policy: Policy, all: Resources): Problem[] {
  const { metadata, spec } = policy;
  const what = `NetworkPolicy ${metadata.name}`;
  const own = inNamespace(all, metadata.namespace);
  const subjects = own.filter((one) => isSelected(spec.podSelector, one));
  const databases = all.Cluster.filter((one) => one.metadata.namespace === metadata.namespace).map(
    databasePod,
  );
  const isOfDatabases = databases.some((labels) => selects(spec.podSelector, labels));
  if (subjects.length === 0 && !isOfDatabases) return [problem(what, 'selects no pod')];
  const rules = [
    ...spec.ingress.map(({ from, ports }) => ({ peers: from, ports, receivers: subjects })),
    ...spec.egress.map(({ to, ports }) => ({ peers: to, ports, receivers: undefined })),
  ];
  return rules.flatMap(({ peers = [], ports = [], receivers }) => [
    ...peers
      .filter((peer) => !existsPeer(peer, { all, own, databases }))
      .map((peer) => problem(what, `nobody is ${JSON.stringify(peer)}`)),
    ...ports
      .filter(({ port }) => {
        const isSidecar = sidecarPorts.some((one) => one === port);
        return (
          receivers &&
          !isOfDatabases &&
          !isSidecar &&
          !receivers.some((one) => podHasPort(one, port))
        );
      })
      .map(({ port }) => problem(what, `its pods have no port ${port}`)),
  ]);
}

type Peer = NonNullable<Policy['spec']['ingress'][number]['from']>[number];
type Around = { all: Resources; own: readonly Workload[]; databases: readonly Labels[] };

function existsPeer(
  { podSelector, namespaceSelector, ipBlock }: Peer,
  { all, own, databases }: Around,
): boolean {
  if (ipBlock !== undefined) return true;
  if (namespaceSelector === undefined) {
    return (
      own.some((one) => isSelected(podSelector, one)) ||
      databases.some((labels) => podSelector !== undefined && selects(podSelector, labels))
    );
  }
  const names = [...foreign, ...all.Namespace.map(({ metadata }) => metadata.name)];
  const meant = names.filter((name) =>
    selects(namespaceSelector, { 'kubernetes.io/metadata.name': name }),
  );
  return meant.some(
    (name) =>
      foreign.includes(name) || inNamespace(all, name).some((one) => isSelected(podSelector, one)),
  );
}

function isSelected(selector: LabelSelector | undefined, { template }: Workload): boolean {
  return selector === undefined || selects(selector, template.metadata.labels);
}

/** Every pod of a database gets out to the cluster's API. */
function checkDatabase(database: Resources['Cluster'][number], all: Resources): Problem[] {
  const { name, namespace } = database.metadata;
  const isLetOut = all.NetworkPolicy.some(
    ({ metadata, spec }) =>
      metadata.namespace === namespace &&
      selects(spec.podSelector, databasePod(database)) &&
      spec.egress.some(({ to, ports }) => to === undefined && ports === undefined),
  );
  if (isLetOut) return [];
  const message = 'no NetworkPolicy lets all its pods out, those of its Jobs among them';
  return [problem(`Cluster ${name}`, message)];
}

/** Pods into which anybody may come. */
function undefended(all: Resources): Problem[] {
  return workloads(all)
    .filter(
      (one) =>
        !all.NetworkPolicy.some(
          ({ metadata, spec }) =>
            metadata.namespace === one.namespace &&
            spec.policyTypes.includes('Ingress') &&
            isSelected(spec.podSelector, one),
        ),
    )
    .map(({ what }) => problem(what, 'no NetworkPolicy says who may reach it'));
}

/** Two fences around one service: whoever may pass one may pass the other. */
function checkAgainstIdentities(
  { metadata, spec }: Resources['MeshTLSAuthentication'][number],
  all: Resources,
): Problem[] {
  const service = metadata.name.replace(/-callers$/, '');
  const policy = all.NetworkPolicy.find((one) => one.metadata.name === service);
  if (policy === undefined) return [problem(`NetworkPolicy ${service}`, 'does not exist')];
  const own = inNamespace(all, metadata.namespace);
  const peers = policy.spec.ingress.flatMap(({ from }) => from ?? []);
  const near = peers.filter(({ namespaceSelector }) => namespaceSelector === undefined);
  const admitted = new Set([
    ...own
      .filter((one) => near.some(({ podSelector }) => isSelected(podSelector, one)))
      .map(({ template }) => template.spec.serviceAccountName),
    ...foreign.filter((name) => peers.some((peer) => isOfNamespace(peer, name))),
  ]);
  // Of what others install, the namespace is all that a network policy can name.
  const identities = new Set(
    spec.identityRefs.map(({ name, namespace = '' }) =>
      foreign.includes(namespace) ? namespace : name,
    ),
  );
  const different = admitted.symmetricDifference(identities);
  if (different.size === 0) return checkWayOut(service, { callers: identities, all });
  const names = [...different].join(', ');
  return [problem(`NetworkPolicy ${service}`, `and mesh/policy disagree on ${names}`)];
}

function isOfNamespace({ namespaceSelector }: Peer, name: string): boolean {
  const labels = { 'kubernetes.io/metadata.name': name };
  return namespaceSelector !== undefined && selects(namespaceSelector, labels);
}

/** Who may come in must be able to go out. */
function checkWayOut(
  service: string,
  { callers, all }: { callers: ReadonlySet<string>; all: Resources },
): Problem[] {
  const target = inNamespace(all, 'shop').find(({ name }) => name === service);
  const own = [...callers].filter((caller) => !foreign.includes(caller));
  return own.flatMap((caller) => {
    const policy = all.NetworkPolicy.find(({ metadata }) => metadata.name === caller);
    const peers = policy?.spec.egress.flatMap(({ to }) => to ?? []) ?? [];
    const isOut = target && peers.some(({ podSelector }) => isSelected(podSelector, target));
    return isOut ? [] : [problem(`NetworkPolicy ${caller}`, `does not let it out to ${service}`)];
  });
}
