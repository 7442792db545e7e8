import { ManifestError } from '@faultline/mesh-control/manifests/problem';
import { parseMeshManifests } from '@faultline/mesh-control/manifests/load';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { primaryLabels } from '../../../../local/src/rollouts/pods.ts';
import type { Manifest, Problem } from '../manifest.ts';
import type { Resources } from '../resources.ts';
import { selects } from '../schemas/common.ts';
import { has, inNamespace, podHasPort, problem, withPrimaries } from './references.ts';

const meshKinds = ['HTTPRoute', 'Server', 'AuthorizationPolicy', 'MeshTLSAuthentication'];
const otherMeshKinds = ['NetworkAuthentication', 'HTTPLocalRateLimitPolicy'];

/** What charts make, under the names of their releases (`tilt/cluster/steps.ts`). */
const foreignAccounts: ReadonlySet<string> = new Set(['flagger-system/flagger']);

/** Linkerd's and Flagger's resources fit the rest, and ask for nothing that Linkerd cannot do. */
export function checkMesh(all: Resources, manifests: readonly Manifest[]): Problem[] {
  return [
    ...refusedByLinkerd(manifests),
    ...all.HTTPRoute.flatMap((route) => checkRoute(route, all)),
    ...all.Server.flatMap((server) => checkServer(server, all)),
    ...all.AuthorizationPolicy.flatMap((policy) => checkAuthorization(policy, all)),
    ...all.MeshTLSAuthentication.flatMap((one) => checkIdentities(one, all)),
    ...all.Canary.flatMap((canary) => checkCanary(canary, all)),
    ...uncovered(all),
  ];
}

/** As the local engine refuses them when it starts. */
function refusedByLinkerd(manifests: readonly Manifest[]): Problem[] {
  const meant = manifests.filter(({ kind }) => [...meshKinds, ...otherMeshKinds].includes(kind));
  const text = meant.map((one) => stringify(one)).join('---\n');
  try {
    parseMeshManifests([{ file: 'rendered', text }]);
    return [];
  } catch (error) {
    if (error instanceof ManifestError) return [problem('mesh', error.message)];
    throw error;
  }
}

function hasServicePort(all: Resources, name: string, at: { namespace: string; port: number }) {
  return all.Service.some(
    ({ metadata, spec }) =>
      metadata.name === name &&
      metadata.namespace === at.namespace &&
      spec.ports.some(({ port }) => port === at.port),
  );
}

function checkRoute({ metadata, spec }: Resources['HTTPRoute'][number], all: Resources): Problem[] {
  const own = metadata.namespace ?? 'default';
  const named = [...spec.parentRefs, ...spec.rules.flatMap(({ backendRefs }) => backendRefs)];
  return named
    .filter(({ name, port }) => !hasServicePort(all, name, { namespace: own, port }))
    .map(({ name, port }) =>
      problem(`HTTPRoute ${metadata.name}`, `there is no Service ${name} with the port ${port}`),
    );
}

function checkServer({ metadata, spec }: Resources['Server'][number], all: Resources): Problem[] {
  const what = `Server ${metadata.name}`;
  const own = inNamespace(all, metadata.namespace);
  const pods = own.filter(({ template }) => selects(spec.podSelector, template.metadata.labels));
  if (pods.length === 0) return [problem(what, 'selects no pod')];
  const problems = pods.flatMap((one) =>
    withPrimaries(one, all).every((labels) => selects(spec.podSelector, labels))
      ? []
      : [problem(what, `leaves out what Flagger makes of ${one.what}`)],
  );
  // The sidecar's own ports are in no manifest.
  const isSidecar = String(spec.port).startsWith('linkerd-');
  if (isSidecar || pods.some((one) => podHasPort(one, spec.port))) return problems;
  return [...problems, problem(what, `its pods have no port ${spec.port}`)];
}

function checkAuthorization(
  { metadata, spec }: Resources['AuthorizationPolicy'][number],
  all: Resources,
): Problem[] {
  const what = `AuthorizationPolicy ${metadata.name}`;
  const { targetRef, requiredAuthenticationRefs } = spec;
  return [
    ...(has(all.Server, targetRef.name, metadata.namespace)
      ? []
      : [problem(what, `there is no Server ${targetRef.name}`)]),
    ...requiredAuthenticationRefs
      .filter(({ kind, name }) => !has(all[kind], name, metadata.namespace))
      .map(({ kind, name }) => problem(what, `there is no ${kind} ${name}`)),
  ];
}

function checkIdentities(
  { metadata, spec }: Resources['MeshTLSAuthentication'][number],
  all: Resources,
): Problem[] {
  return spec.identityRefs
    .filter(
      ({ name, namespace = metadata.namespace }) =>
        !has(all.ServiceAccount, name, namespace) && !foreignAccounts.has(`${namespace}/${name}`),
    )
    .map(({ name }) =>
      problem(`MeshTLSAuthentication ${metadata.name}`, `there is no ServiceAccount ${name}`),
    );
}

function checkCanary({ metadata, spec }: Resources['Canary'][number], all: Resources): Problem[] {
  const namespace = metadata.namespace ?? 'default';
  const messages: string[] = [];
  const { targetRef, autoscalerRef, service, analysis } = spec;
  if (!has(all.Deployment, targetRef.name, namespace)) {
    messages.push(`there is no Deployment ${targetRef.name}`);
  }
  messages.push(...checkTarget(targetRef.name, { service: service.name, namespace, all }));
  if (autoscalerRef) {
    const kind =
      autoscalerRef.kind === 'ScaledObject' ? all.ScaledObject : all.HorizontalPodAutoscaler;
    if (!has(kind, autoscalerRef.name, namespace)) {
      messages.push(`there is no ${autoscalerRef.kind} ${autoscalerRef.name}`);
    }
  }
  for (const { name, port } of service.gatewayRefs) {
    // Any other than its own would leave all traffic with the primary.
    if (name !== (service.name ?? targetRef.name)) messages.push(`gatewayRefs: ${name} is not it`);
    if (!hasServicePort(all, name, { namespace, port: port ?? service.port })) {
      messages.push(`there is no Service ${name} with the port ${port}`);
    }
  }
  for (const { templateRef } of analysis?.metrics ?? []) {
    if (
      templateRef &&
      !has(all.MetricTemplate, templateRef.name, templateRef.namespace ?? namespace)
    ) {
      messages.push(`there is no MetricTemplate ${templateRef.name}`);
    }
  }
  messages.push(...(analysis?.webhooks ?? []).flatMap((hook) => checkWebhook(hook, all)));
  return messages.map((message) => problem(`Canary ${metadata.name}`, message));
}

type Target = { service: string | undefined; namespace: string; all: Resources };

/** What Flagger sets by itself must not be set to something else at each apply. */
function checkTarget(target: string, { service = target, namespace, all }: Target): string[] {
  const isHere = (one: { metadata: { name: string; namespace?: string | undefined } }) =>
    one.metadata.namespace === namespace;
  const deployment = all.Deployment.filter(isHere).find(({ metadata }) => metadata.name === target);
  const apex = all.Service.filter(isHere).find(({ metadata }) => metadata.name === service);
  if (deployment === undefined || apex === undefined) return [];
  const { spec } = deployment;
  const expected = primaryLabels(spec.selector.matchLabels, spec.selector.matchLabels);
  return [
    ...(isDeepStrictEqual(apex.spec.selector, expected)
      ? []
      : [`Service ${service} does not select ${target}-primary, which serves`]),
    ...(spec.replicas === undefined ? [] : [`Deployment ${target} has replicas of its own`]),
  ];
}

/** Flagger calls from a namespace and an account of its own. */
function checkWebhook({ name, url }: { name: string; url: string }, all: Resources): string[] {
  const { hostname, port } = new URL(url);
  const [service = '', namespace] = hostname.split('.');
  const what = `webhook ${name}`;
  if (namespace === undefined) return [`${what}: ${hostname} names no namespace`];
  const at = { namespace, port: Number(port) || 80 };
  if (!hasServicePort(all, service, at)) {
    return [`${what}: there is no Service ${hostname} with the port ${at.port}`];
  }
  // Without a Server the namespace's own policy counts, which lets everybody in.
  const isFenced = all.Server.some(({ metadata }) => metadata.namespace === namespace);
  const isNamed = all.MeshTLSAuthentication.some(
    ({ metadata, spec }) =>
      metadata.namespace === namespace &&
      metadata.name === `${service}-callers` &&
      spec.identityRefs.some((one) => foreignAccounts.has(`${one.namespace}/${one.name}`)),
  );
  return isNamed || !isFenced ? [] : [`${what}: ${service} does not let Flagger in`];
}

/** Ports of meshed pods of the shop that no Server tells who may call. */
function uncovered(all: Resources): Problem[] {
  return inNamespace(all, 'shop')
    .filter(({ template }) => template.metadata.labels['app.kubernetes.io/part-of'] === 'faultline')
    .filter(({ template }) => template.metadata.annotations['linkerd.io/inject'] === 'enabled')
    .flatMap(({ what, template }) =>
      template.spec.containers
        .flatMap(({ ports }) => ports)
        .filter(
          ({ name }) =>
            !all.Server.some(
              ({ spec }) =>
                spec.port === name && selects(spec.podSelector, template.metadata.labels),
            ),
        )
        .map(({ name }) => problem(what, `no Server says who may call the port ${name}`)),
    );
}
