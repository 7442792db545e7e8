/**
 * Fields that are accepted and change nothing on one machine, each with the reason. A field that
 * is neither here nor in the schema is an error. `*` stands for any list index.
 */
const withoutLocalEffect: readonly { kind: string; path: string; reason: string }[] = [
  ...forPod('securityContext', 'processes already run as the user who started the engine'),
  ...forPod('containers.*.securityContext', 'as for the pod'),
  ...forPod('topologySpreadConstraints', 'there is one node'),
  ...forPod('affinity', 'there is one node'),
  ...forPod('nodeSelector', 'there is one node'),
  ...forPod('tolerations', 'there is one node'),
  ...forPod('priorityClassName', 'nothing is scheduled, so nothing is preempted'),
  ...forPod('automountServiceAccountToken', 'there is no API server to present a token to'),
  ...forPod('enableServiceLinks', 'service links are never set'),
  ...forPod('containers.*.imagePullPolicy', 'the image is the service folder itself'),
  ...forPod('containers.*.resources.requests.memory', 'nothing is scheduled'),
  ...forPod('containers.*.resources.requests.ephemeral-storage', 'nothing is scheduled'),
  ...forPod('containers.*.resources.limits.cpu', 'processes share the machine'),
  ...forPod('containers.*.resources.limits.ephemeral-storage', 'processes share the disk'),
  ...forPod('containers.*.terminationMessagePolicy', 'logs are files'),
  ...forPod('volumes.*.emptyDir', 'its size and medium are those of the disk'),
  { kind: 'Deployment', path: 'spec.revisionHistoryLimit', reason: 'releases are kept elsewhere' },
  { kind: 'Service', path: 'spec.type', reason: 'every Service is on loopback only' },
  { kind: 'ServiceAccount', path: 'automountServiceAccountToken', reason: 'as for the pod' },
  { kind: 'ConfigMap', path: 'immutable', reason: 'values are read once' },
  { kind: 'Secret', path: 'immutable', reason: 'values are read once' },
  { kind: 'PersistentVolumeClaim', path: 'spec', reason: 'it is a folder of the state directory' },
];

function forPod(path: string, reason: string) {
  return [{ kind: 'Deployment', path: `spec.template.spec.${path}`, reason }];
}

/**
 * A copy of a document's content without the fields that have no local effect. What remains of an
 * object is kept even when it is empty, so that `emptyDir: {}` stays recognisable.
 */
export function withoutIneffective(kind: string, content: unknown): unknown {
  const copy: unknown = structuredClone(content);
  for (const field of withoutLocalEffect) {
    if (field.kind === kind) remove(copy, field.path.split('.'));
  }
  return copy;
}

function remove(value: unknown, path: readonly string[]): void {
  const [head, ...rest] = path;
  if (head === undefined || typeof value !== 'object' || value === null) return;
  if (head === '*') {
    if (Array.isArray(value)) for (const item of value) remove(item, rest);
  } else if (rest.length > 0) {
    remove(Reflect.get(value, head), rest);
  } else if (head === 'emptyDir' && Reflect.has(value, head)) {
    Reflect.set(value, head, {});
  } else {
    Reflect.deleteProperty(value, head);
  }
}
