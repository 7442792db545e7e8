import type { Problem } from '../manifest.ts';
import { type Resources, type Workload, workloads } from '../resources.ts';
import type { Container, PodTemplate } from '../schemas/pod.ts';
import { problem } from './references.ts';

/** What is let off, with the reason: `<rule>: <workload>`. */
export type Exemptions = ReadonlyMap<string, string>;

type Rule = {
  name: string;
  isBroken: (spec: PodTemplate['spec'], container: Container) => boolean;
};

/** https://kubernetes.io/docs/concepts/security/pod-security-standards, "restricted", by field. */
const restricted: readonly Rule[] = [
  {
    name: 'host namespaces',
    isBroken: ({ hostNetwork, hostPID, hostIPC }) =>
      [hostNetwork, hostPID, hostIPC].some((field) => field === true),
  },
  { name: 'privileged', isBroken: (_, { securityContext }) => securityContext.privileged === true },
  {
    name: 'volume types',
    isBroken: ({ volumes }) => volumes.some(({ hostPath }) => hostPath !== undefined),
  },
  {
    name: 'privilege escalation',
    isBroken: (_, { securityContext }) => securityContext.allowPrivilegeEscalation !== false,
  },
  {
    name: 'runs as root',
    isBroken: ({ securityContext }, container) =>
      securityContext.runAsNonRoot !== true ||
      securityContext.runAsUser === 0 ||
      container.securityContext.runAsUser === 0,
  },
  {
    name: 'seccomp profile',
    isBroken: ({ securityContext }) =>
      !['RuntimeDefault', 'Localhost'].includes(securityContext.seccompProfile?.type ?? ''),
  },
  {
    name: 'capabilities',
    isBroken: (_, { securityContext: { capabilities } }) =>
      capabilities?.drop.includes('ALL') !== true || capabilities.add.length > 0,
  },
];

/** What this project asks besides. */
const ours: readonly Rule[] = [
  {
    name: 'writable root',
    isBroken: (_, { securityContext }) => securityContext.readOnlyRootFilesystem !== true,
  },
  { name: 'memory limit', isBroken: (_, { resources }) => resources.limits.memory === undefined },
  {
    name: 'requests',
    isBroken: (_, { resources: { requests } }) =>
      requests.cpu === undefined || requests.memory === undefined,
  },
  {
    name: 'service account token',
    isBroken: ({ automountServiceAccountToken }) => automountServiceAccountToken,
  },
  {
    name: 'startup and readiness probes',
    isBroken: ({ restartPolicy }, { startupProbe, readinessProbe }) =>
      restartPolicy === 'Always' && (!startupProbe || !readinessProbe),
  },
  {
    name: 'grace period',
    // The pause before SIGTERM, and the 25 s that a service may take after it.
    isBroken: ({ terminationGracePeriodSeconds }, { lifecycle }) =>
      lifecycle !== undefined &&
      terminationGracePeriodSeconds < lifecycle.preStop.sleep.seconds + 25,
  },
];

/** Pod Security "restricted", what this project asks besides, and an account of its own for each. */
export function checkSecurity(all: Resources, exempt: Exemptions = new Map()): Problem[] {
  const pods = workloads(all);
  const broken = pods.flatMap((workload) =>
    [...restricted, ...ours]
      .filter((rule) => isBroken(rule, workload))
      .map((rule) => ({ what: workload.what, message: rule.name })),
  );
  return [
    ...broken.filter(({ what, message }) => !exempt.has(`${message}: ${what}`)),
    ...[...exempt.keys()]
      .filter((key) => !broken.some(({ what, message }) => key === `${message}: ${what}`))
      .map((key) => problem(key, 'is exempted without need')),
    // Whose a Job's is, another check says.
    ...sharedAccounts(pods.filter(({ kind }) => kind !== 'Job')),
    ...all.Deployment.flatMap(checkRollingUpdate),
  ];
}

function isBroken({ isBroken: test }: Rule, { template: { spec } }: Workload): boolean {
  return spec.containers.some((container) => test(spec, container));
}

function sharedAccounts(pods: readonly Workload[]): Problem[] {
  const owners = Map.groupBy(
    pods,
    ({ namespace, template }) => `${namespace}/${template.spec.serviceAccountName}`,
  );
  return [...owners]
    .filter(([, users]) => users.length > 1)
    .map(([account, users]) =>
      problem(
        `ServiceAccount ${account}`,
        `is shared by ${users.map(({ what }) => what).join(', ')}`,
      ),
    );
}

function checkRollingUpdate({ metadata, spec }: Resources['Deployment'][number]): Problem[] {
  const isShop = metadata.labels['app.kubernetes.io/part-of'] === 'faultline';
  if (!isShop || spec.strategy.type === 'Recreate') return [];
  if (spec.strategy.rollingUpdate?.maxUnavailable === 0) return [];
  return [problem(`Deployment ${metadata.name}`, 'expected maxUnavailable 0')];
}
