import { problemAt, type Path, type Source } from '@faultline/mesh-control/manifests/place';
import type { Problem } from '@faultline/mesh-control/manifests/problem';
import { generatedSecret, generatedSecretNames } from './generated-secrets.ts';
import { checkAnnotations } from './annotations.ts';
import { parseImage } from './model.ts';
import type {
  ConfigMapManifest,
  ContainerManifest,
  DeploymentManifest,
  EnvManifest,
  NamedManifest,
  SecretManifest,
  ServiceManifest,
} from './schema.ts';

export type Resource<T> = { source: Source; manifest: T };

/** Every resource, by kind. */
export type Resources = {
  Deployment: Resource<DeploymentManifest>[];
  Service: Resource<ServiceManifest>[];
  ServiceAccount: Resource<NamedManifest>[];
  ConfigMap: Resource<ConfigMapManifest>[];
  Secret: Resource<SecretManifest>[];
  PersistentVolumeClaim: Resource<NamedManifest>[];
};

const pod: Path = ['spec', 'template', 'spec'];
const first: Path = [...pod, 'containers', 0];

/** Everything a resource names must exist: what does not would fail or hang when it runs. */
export function checkReferences(all: Resources, folders: ReadonlySet<string>): Problem[] {
  return [
    ...Object.values(all).flatMap(checkDuplicates),
    ...all.Deployment.flatMap((deployment) => checkDeployment(deployment, all, folders)),
    ...all.Service.flatMap((service) => checkService(service, all)),
  ];
}

function checkDuplicates(resources: Resource<{ metadata: { name: string } }>[]): Problem[] {
  const seen = new Map<string, Source>();
  return resources.flatMap(({ source, manifest }) => {
    const { name } = manifest.metadata;
    const before = seen.get(name);
    seen.set(name, source);
    if (before === undefined) return [];
    return [problemAt(source, ['metadata', 'name'], `'${name}' is also in ${before.file}`)];
  });
}

function checkDeployment(
  { source, manifest }: Resource<DeploymentManifest>,
  all: Resources,
  folders: ReadonlySet<string>,
): Problem[] {
  const { template, selector } = manifest.spec;
  const [container] = template.spec.containers;
  if (container === undefined) return [];
  const at = (path: Path, message: string) => problemAt(source, path, message);
  const image = parseImage(container.image);
  const account = template.spec.serviceAccountName;
  const problems = [
    ...checkPorts(source, container),
    ...checkVolumes(source, manifest, all),
    ...container.env.flatMap((env, index) => checkEnv({ source, env, index }, all)),
  ];
  if (!matches(selector.matchLabels, template.metadata.labels)) {
    problems.push(at(['spec', 'selector', 'matchLabels'], 'does not match the template’s labels'));
  }
  if (image === undefined) {
    const expected = 'expected ghcr.io/faultline/<service folder>:<version>';
    problems.push(at([...first, 'image'], `${expected}, not '${container.image}'`));
  } else if (!folders.has(image.folder)) {
    problems.push(at([...first, 'image'], `there is no folder services/${image.folder}`));
  }
  if (account !== undefined && account !== 'default' && !named(all.ServiceAccount, account)) {
    problems.push(at([...pod, 'serviceAccountName'], `there is no ServiceAccount '${account}'`));
  }
  for (const [index, { configMapRef }] of container.envFrom.entries()) {
    if (configMapRef.optional || named(all.ConfigMap, configMapRef.name)) continue;
    const path = [...first, 'envFrom', index, 'configMapRef', 'name'];
    problems.push(at(path, `there is no ConfigMap '${configMapRef.name}'`));
  }
  return problems;
}

function checkPorts(source: Source, container: ContainerManifest): Problem[] {
  const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;
  return probes.flatMap((probe) => {
    const port = container[probe]?.httpGet.port;
    if (port === undefined || findPort(container, port)) return [];
    const names = container.ports.map(({ name }) => name).join(', ') || 'none';
    const message = `the container has no port '${port}'; it has: ${names}`;
    return [problemAt(source, [...first, probe, 'httpGet', 'port'], message)];
  });
}

function findPort(container: ContainerManifest, port: string | number): boolean {
  return container.ports.some(({ name, containerPort }) => name === port || containerPort === port);
}

function checkVolumes(source: Source, manifest: DeploymentManifest, all: Resources): Problem[] {
  const { volumes, containers } = manifest.spec.template.spec;
  const missing = (containers[0]?.volumeMounts ?? []).flatMap((mount, index) => {
    if (volumes.some(({ name }) => name === mount.name)) return [];
    const path = [...first, 'volumeMounts', index, 'name'];
    return [problemAt(source, path, `there is no volume '${mount.name}'`)];
  });
  const unusable = volumes.flatMap((volume, index) => {
    const claim = volume.persistentVolumeClaim?.claimName;
    const path = [...pod, 'volumes', index];
    if (claim === undefined && volume.emptyDir === undefined) {
      return [problemAt(source, path, 'expected emptyDir or persistentVolumeClaim')];
    }
    if (claim === undefined || named(all.PersistentVolumeClaim, claim)) return [];
    return [problemAt(source, path, `there is no PersistentVolumeClaim '${claim}'`)];
  });
  return [...missing, ...unusable];
}

const fieldPath =
  /^(metadata\.(name|namespace|labels\['[^']+'\])|spec\.serviceAccountName|status\.podIP)$/;

function checkEnv(
  { source, env, index }: { source: Source; env: EnvManifest; index: number },
  all: Resources,
): Problem[] {
  const at = (path: Path, message: string) => [
    problemAt(source, [...first, 'env', index, ...path], message),
  ];
  if (env.value !== undefined && env.valueFrom) return at([], 'expected value or valueFrom');
  const { configMapKeyRef: config, secretKeyRef: secret, fieldRef: field } = env.valueFrom ?? {};
  if (field && !fieldPath.test(field.fieldPath)) {
    const known = "metadata.name, metadata.namespace, metadata.labels['…'], status.podIP";
    return at(['valueFrom', 'fieldRef', 'fieldPath'], `expected one of ${known}`);
  }
  if (config && !config.optional) {
    const data = find(all.ConfigMap, config.name)?.data;
    const path = ['valueFrom', 'configMapKeyRef', data ? 'key' : 'name'];
    if (!data) return at(path, `there is no ConfigMap '${config.name}'`);
    if (!(config.key in data)) return at(path, `ConfigMap '${config.name}' has no '${config.key}'`);
  }
  return secret ? checkSecret(secret, all).flatMap((text) => at(['valueFrom'], text)) : [];
}

function checkSecret(
  ref: { name: string; key: string; optional?: boolean | undefined },
  all: Resources,
): string[] {
  if (ref.optional) return [];
  const secret = find(all.Secret, ref.name);
  if (secret) {
    const known = ref.key in secret.data || ref.key in secret.stringData;
    return known ? [] : [`Secret '${ref.name}' has no key '${ref.key}'`];
  }
  const generated = generatedSecret(ref.name, ref.key);
  if (generated?.kind === 'absent') {
    return [`Secret '${ref.name}' is not made up locally: mark it optional or add a manifest`];
  }
  if (generated) return [];
  const expected = `expected a manifest for it or one of ${generatedSecretNames}`;
  return [`there is no Secret '${ref.name}' with key '${ref.key}'; ${expected}`];
}

function checkService({ source, manifest }: Resource<ServiceManifest>, all: Resources): Problem[] {
  const { selector, ports } = manifest.spec;
  const annotations = checkAnnotations(manifest).map(([key, message]) =>
    problemAt(source, ['metadata', 'annotations', key], message),
  );
  const pods = all.Deployment.map((deployment) => deployment.manifest.spec.template).filter(
    (template) => matches(selector, template.metadata.labels),
  );
  if (pods.length === 0) {
    return [...annotations, problemAt(source, ['spec', 'selector'], 'no Deployment’s pods match')];
  }
  const dangling = ports.flatMap(({ port, targetPort }, index) => {
    const target = targetPort ?? port;
    const found = pods.every(({ spec }) => spec.containers.some((one) => findPort(one, target)));
    const path = ['spec', 'ports', index, targetPort === undefined ? 'port' : 'targetPort'];
    return found ? [] : [problemAt(source, path, `the pods have no port '${target}'`)];
  });
  return [...annotations, ...dangling];
}

/** Whether labels carry every pair of a selector. */
export function matches(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function find<T extends { metadata: { name: string } }>(
  resources: Resource<T>[],
  name: string,
): T | undefined {
  return resources.find(({ manifest }) => manifest.metadata.name === name)?.manifest;
}

function named(resources: Resource<NamedManifest | ConfigMapManifest>[], name: string): boolean {
  return find(resources, name) !== undefined;
}
