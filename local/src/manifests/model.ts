import { createHash } from 'node:crypto';
import { namespaceDefault } from '@faultline/mesh-control/manifests/fields';
import { parseQuantity } from '../autoscale/quantity.ts';
import type {
  ContainerManifest,
  DeploymentManifest,
  EnvManifest,
  ProbeManifest,
} from './schema.ts';

/** A health check, durations in milliseconds. */
export type ProbeSpec = {
  path: string;
  port: string | number;
  initialDelayMs: number;
  periodMs: number;
  timeoutMs: number;
  successThreshold: number;
  failureThreshold: number;
};

/** `claim` is set on volumes that outlast the pod. */
export type VolumeMount = { volume: string; mountPath: string; claim: string | undefined };

/** How pods of one version are replaced by those of another. */
export type RolloutStrategy = {
  /** `recreate` ends all old pods before it starts a new one. */
  kind: 'rolling' | 'recreate';
  /** How many pods more, and how many ready ones fewer, than asked for: a number or `25%`. */
  maxSurge: number | string;
  maxUnavailable: number | string;
  /** How long a pod must be ready to count. */
  minReadyMs: number;
  /** After so long without any progress it will not come any more. */
  progressDeadlineMs: number;
};

/** What the engine runs for one Deployment. */
export type Deployment = {
  name: string;
  /** Its name in the manifests; a Canary's primary is made from the Deployment of that name. */
  service: string;
  namespace: string;
  /** The folder under `services/` that the image is built from, and the image's tag. */
  folder: string;
  version: string;
  /** The source tree whose `services/<folder>` is run; undefined for the project as it stands. */
  tree: string | undefined;
  replicas: number;
  selector: Readonly<Record<string, string>>;
  strategy: RolloutStrategy;
  podLabels: Readonly<Record<string, string>>;
  podAnnotations: Readonly<Record<string, string>>;
  /** First part of the pods' random names: changes with the template, as in Kubernetes. */
  templateHash: string;
  /** False when the pod is outside the mesh: it has no sidecar and is called in plain text. */
  meshed: boolean;
  serviceAccount: string;
  command: readonly string[];
  env: readonly EnvManifest[];
  envFrom: ContainerManifest['envFrom'];
  ports: readonly { name: string; containerPort: number }[];
  probes: Partial<Record<'startup' | 'readiness' | 'liveness', ProbeSpec>>;
  gracePeriodMs: number;
  preStopMs: number;
  memoryLimitMiB: number | undefined;
  /** In cores; what an autoscaler takes a share of. */
  cpuRequest: number | undefined;
  mounts: readonly VolumeMount[];
};

/** One Service: whom its name leads to, and how it is opened to people. */
export type Service = {
  name: string;
  namespace: string;
  annotations: Readonly<Record<string, string>>;
  /** False for a headless Service, which has no routes. */
  hasClusterIp: boolean;
  selector: Readonly<Record<string, string>>;
  /** `target` is a container port's name or number. */
  ports: readonly {
    name: string | undefined;
    port: number;
    target: string | number;
    appProtocol: string | undefined;
  }[];
  /** Set on the Services that people reach from outside. */
  localPort: number | undefined;
  /** Link name → path on the public port. */
  links: Readonly<Record<string, string>>;
  /** Lines shown below the links. */
  notes: readonly string[];
};

/** All manifests, checked. */
export type Manifests = {
  deployments: readonly Deployment[];
  services: readonly Service[];
  configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>;
  secrets: ReadonlyMap<string, Readonly<Record<string, string>>>;
};

const imagePattern = /^ghcr\.io\/faultline\/(?<folder>[a-z0-9-]+):(?<version>[\w][\w.-]*)$/;

/** The service folder and version an image name stands for. */
export function parseImage(image: string): { folder: string; version: string } | undefined {
  const groups = imagePattern.exec(image)?.groups;
  if (groups?.['folder'] === undefined || groups['version'] === undefined) return undefined;
  return { folder: groups['folder'], version: groups['version'] };
}

/** The engine's view of a Deployment whose manifest has been checked. */
export function toDeployment(manifest: DeploymentManifest): Deployment {
  const { template } = manifest.spec;
  const [container] = template.spec.containers;
  const image = parseImage(container?.image ?? '');
  if (container === undefined || image === undefined) {
    throw new Error(`read Deployment ${manifest.metadata.name}: it has not been checked`);
  }
  return {
    name: manifest.metadata.name,
    service: manifest.metadata.name,
    namespace: manifest.metadata.namespace ?? namespaceDefault,
    ...image,
    tree: undefined,
    replicas: manifest.spec.replicas,
    selector: manifest.spec.selector.matchLabels,
    strategy: toStrategy(manifest.spec),
    podLabels: template.metadata.labels,
    podAnnotations: template.metadata.annotations,
    templateHash: hashTemplate(template),
    meshed: template.metadata.annotations['linkerd.io/inject'] !== 'disabled',
    serviceAccount: template.spec.serviceAccountName ?? 'default',
    command: [...container.command, ...(container.args ?? [])],
    env: container.env,
    envFrom: container.envFrom,
    ports: container.ports,
    probes: toProbes(container),
    gracePeriodMs: template.spec.terminationGracePeriodSeconds * 1000,
    preStopMs: (container.lifecycle?.preStop.sleep.seconds ?? 0) * 1000,
    memoryLimitMiB: toMiB(container.resources?.limits?.memory),
    cpuRequest: parseQuantity(container.resources?.requests?.cpu ?? ''),
    mounts: container.volumeMounts.map((mount) => ({
      volume: mount.name,
      mountPath: mount.mountPath,
      claim: template.spec.volumes.find(({ name }) => name === mount.name)?.persistentVolumeClaim
        ?.claimName,
    })),
  };
}

function toStrategy(spec: DeploymentManifest['spec']): RolloutStrategy {
  const { type, rollingUpdate } = spec.strategy;
  return {
    kind: type === 'Recreate' ? 'recreate' : 'rolling',
    maxSurge: rollingUpdate?.maxSurge ?? '25%',
    maxUnavailable: rollingUpdate?.maxUnavailable ?? '25%',
    minReadyMs: spec.minReadySeconds * 1000,
    progressDeadlineMs: spec.progressDeadlineSeconds * 1000,
  };
}

function hashTemplate(template: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(template)).digest();
  return digest.toString('hex').slice(0, 5);
}

function toProbes(container: ContainerManifest): Deployment['probes'] {
  return {
    ...(container.startupProbe && { startup: toProbe(container.startupProbe) }),
    ...(container.readinessProbe && { readiness: toProbe(container.readinessProbe) }),
    ...(container.livenessProbe && { liveness: toProbe(container.livenessProbe) }),
  };
}

function toProbe(probe: ProbeManifest): ProbeSpec {
  return {
    path: probe.httpGet.path,
    port: probe.httpGet.port,
    initialDelayMs: probe.initialDelaySeconds * 1000,
    periodMs: probe.periodSeconds * 1000,
    timeoutMs: probe.timeoutSeconds * 1000,
    successThreshold: probe.successThreshold,
    failureThreshold: probe.failureThreshold,
  };
}

function toMiB(quantity: string | undefined): number | undefined {
  if (quantity === undefined) return undefined;
  const unit = quantity.slice(-2);
  const scale = unit === 'Gi' ? 1024 : unit === 'Ki' ? 1 / 1024 : 1;
  return Number(quantity.slice(0, -2)) * scale;
}
