import { primaryLabels } from '../../../../local/src/rollouts/pods.ts';
import type { Problem } from '../manifest.ts';
import { type Resources, type Workload, workloads } from '../resources.ts';
import { selects } from '../schemas/common.ts';
import type { Container } from '../schemas/pod.ts';

/** Keys of Secrets that come from elsewhere, as `name/key`. */
export type KnownSecrets = ReadonlySet<string>;

/** Everything that a pod, a Service or a claim names exists. */
export function checkReferences(all: Resources, secrets: KnownSecrets): Problem[] {
  return [
    ...workloads(all).flatMap((workload) => checkWorkload(workload, all, secrets)),
    ...all.Service.flatMap((service) => checkService(service, all)),
    ...all.ClusterRoleBinding.flatMap((binding) => checkBinding(binding, all)),
    ...all.PodDisruptionBudget.flatMap(({ metadata, spec }) => {
      const found = inNamespace(all, metadata.namespace).some((one) =>
        selects(spec.selector, one.template.metadata.labels),
      );
      return found ? [] : [problem(`PodDisruptionBudget ${metadata.name}`, 'selects no pod')];
    }),
  ];
}

export function problem(what: string, message: string): Problem {
  return { what, message };
}

export function inNamespace(all: Resources, namespace: string | undefined): Workload[] {
  return workloads(all).filter((one) => one.namespace === (namespace ?? 'default'));
}

/** The pods that Flagger makes of those of a Canary's target, in labels. */
export function withPrimaries(
  workload: Workload,
  all: Resources,
): Readonly<Record<string, string>>[] {
  const { labels } = workload.template.metadata;
  const isTarget = all.Canary.some(({ spec }) => spec.targetRef.name === workload.name);
  return isTarget ? [labels, primaryLabels(labels, workload.selector.matchLabels)] : [labels];
}

type Named = { metadata: { name: string; namespace?: string | undefined } };

/** Whether there is one of that name in that namespace. */
export function has(list: readonly Named[], name: string, namespace: string | undefined): boolean {
  return list.some(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
}

function checkWorkload(workload: Workload, all: Resources, secrets: KnownSecrets): Problem[] {
  const { what, namespace, template, selector } = workload;
  const { serviceAccountName, containers, volumes } = template.spec;
  const problems: string[] = [];
  if (!selects(selector, template.metadata.labels)) problems.push('its selector misses its pods');
  if (!has(all.ServiceAccount, serviceAccountName, namespace)) {
    problems.push(`there is no ServiceAccount ${serviceAccountName}`);
  }
  for (const { name, configMap, secret, persistentVolumeClaim: claim } of volumes) {
    if (configMap && !has(all.ConfigMap, configMap.name, namespace)) {
      problems.push(`volume ${name}: there is no ConfigMap ${configMap.name}`);
    }
    if (claim && !has(all.PersistentVolumeClaim, claim.claimName, namespace)) {
      problems.push(`volume ${name}: there is no PersistentVolumeClaim ${claim.claimName}`);
    }
    if (secret && ![...secrets].some((key) => key.startsWith(`${secret.secretName}/`))) {
      problems.push(`volume ${name}: there is no Secret ${secret.secretName}`);
    }
  }
  const known = new Set([...volumes.map(({ name }) => name), ...workload.claims]);
  problems.push(
    ...containers.flatMap((one) => checkContainer(one, { known, all, secrets, namespace })),
  );
  return problems.map((message) => problem(what, message));
}

type Around = {
  known: ReadonlySet<string>;
  all: Resources;
  secrets: KnownSecrets;
  namespace: string;
};

function checkContainer(
  container: Container,
  { known, all, secrets, namespace }: Around,
): string[] {
  const problems: string[] = [];
  for (const { name } of container.volumeMounts) {
    if (!known.has(name)) problems.push(`volumeMounts: there is no volume ${name}`);
  }
  for (const { configMapRef } of container.envFrom) {
    if (!has(all.ConfigMap, configMapRef.name, namespace)) {
      problems.push(`envFrom: there is no ConfigMap ${configMapRef.name}`);
    }
  }
  for (const { name, valueFrom } of container.env) {
    const secret = valueFrom?.secretKeyRef;
    if (secret && !secret.optional && !secrets.has(`${secret.name}/${secret.key}`)) {
      problems.push(`env ${name}: there is no Secret ${secret.name} with the key ${secret.key}`);
    }
    const map = valueFrom?.configMapKeyRef;
    const found = all.ConfigMap.find(({ metadata }) => metadata.name === map?.name);
    if (map && !map.optional && found?.data[map.key] === undefined) {
      problems.push(`env ${name}: there is no ConfigMap ${map.name} with the key ${map.key}`);
    }
  }
  for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
    const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
    if (port !== undefined && !hasPort(container, port)) {
      problems.push(`a probe asks the port ${port}, which ${container.name} has not`);
    }
  }
  return problems;
}

function hasPort({ ports }: Container, port: number | string): boolean {
  return ports.some((one) => one.name === port || one.containerPort === port);
}

/** Whether a pod of the workload has that port, by name or number. */
export function podHasPort({ template }: Workload, port: number | string): boolean {
  return template.spec.containers.some((container) => hasPort(container, port));
}

function checkService(service: Resources['Service'][number], all: Resources): Problem[] {
  const { metadata, spec } = service;
  const what = `Service ${metadata.name}`;
  const selector = { matchLabels: spec.selector, matchExpressions: [] };
  const pods = inNamespace(all, metadata.namespace).filter((one) =>
    withPrimaries(one, all).some((labels) => selects(selector, labels)),
  );
  if (pods.length === 0) return [problem(what, 'selects no pod')];
  return spec.ports.flatMap(({ name, targetPort }) =>
    pods.every((one) => podHasPort(one, targetPort))
      ? []
      : [problem(what, `port ${name}: its pods have no port ${targetPort}`)],
  );
}

function checkBinding(binding: Resources['ClusterRoleBinding'][number], all: Resources): Problem[] {
  const what = `ClusterRoleBinding ${binding.metadata.name}`;
  const { roleRef, subjects } = binding;
  return [
    ...(has(all.ClusterRole, roleRef.name, undefined)
      ? []
      : [problem(what, `there is no ClusterRole ${roleRef.name}`)]),
    ...subjects
      .filter(({ name, namespace }) => !has(all.ServiceAccount, name, namespace))
      .map(({ name }) => problem(what, `there is no ServiceAccount ${name}`)),
  ];
}
