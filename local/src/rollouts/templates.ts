import { createHash } from 'node:crypto';
import type { Deployment, Manifests, Service } from '../manifests/model.ts';
import type { Canary } from './canary.ts';
import { primaryLabels, selectorsOf } from './pods.ts';
import type { StoredRelease } from './releases/store.ts';

const versionKey = 'app.kubernetes.io/version';

/** A Deployment as it is for one release: its code, its version, what it sets. */
export function releaseTemplate(
  deployment: Deployment,
  { release, tree }: StoredRelease,
): Deployment {
  const { version, content_hash, env } = release;
  const isManifests = release.version === deployment.version;
  const own = deployment.env.filter(({ name }) => !(name in env));
  const set = Object.entries(env).map(([name, value]) => ({ name, value }));
  return {
    ...deployment,
    version,
    tree,
    podLabels: { ...deployment.podLabels, [versionKey]: version },
    env: [...own, ...set],
    // What the manifest itself describes keeps its hash, so that going back to it is no change.
    templateHash: isManifests
      ? deployment.templateHash
      : hashOf(`${deployment.templateHash} ${version} ${content_hash}`),
  };
}

/** The Deployment that Flagger makes of a Canary's target, for the pods that serve. */
export function primaryTemplate(template: Deployment): Deployment {
  const { service, selector, podLabels } = template;
  return {
    ...template,
    name: `${service}-primary`,
    selector: primaryLabels(selector, selector),
    podLabels: primaryLabels(podLabels, selector),
  };
}

/** What a rollout tells versions apart by. */
export function specOf({ templateHash, version }: Deployment): string {
  return `${templateHash}-${version}`;
}

/**
 * The Services of the manifests as Flagger leaves them: each Canary's apex leads to the primary, and
 * there is a Service for either version beside it.
 */
export function withCanaryServices(
  manifests: Pick<Manifests, 'services' | 'deployments'>,
  canaries: readonly Canary[],
): Service[] {
  const made = canaries.flatMap((canary) => {
    const target = manifests.deployments.find(({ name }) => name === canary.target);
    return target === undefined ? [] : servicesOf(canary, target);
  });
  const names = new Set(made.map(({ name }) => name));
  const apexes = new Map(
    manifests.services.filter(({ name }) => names.has(name)).map((one) => [one.name, one]),
  );
  return [
    ...manifests.services.filter(({ name }) => !names.has(name)),
    ...made.map((service) => {
      const apex = apexes.get(service.name);
      return apex === undefined ? service : { ...apex, selector: service.selector };
    }),
  ];
}

function servicesOf(canary: Canary, target: Deployment): Service[] {
  const { services, service, namespace } = canary;
  const selectors = selectorsOf(canary, target.selector);
  const { port, portName, targetPort = port, appProtocol } = service;
  const ports = [{ name: portName, port, target: targetPort, appProtocol }];
  return (['apex', 'primary', 'canary'] as const).map((role) => {
    const name = services[role];
    const { annotations } = service[role];
    const selector = selectors.get(name) ?? {};
    return { name, namespace, annotations, selector, ports, ...notForPeople };
  });
}

const notForPeople = { hasClusterIp: true, localPort: undefined, links: {}, notes: [] };

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 5);
}
