import { Compilation, type Compiled } from '../src/compile.ts';
import { parseMeshManifests } from '../src/manifests/load.ts';
import type { MeshManifests } from '../src/manifests/model.ts';
import { type MeshInstance, type MeshService, settingsDefault, type World } from '../src/world.ts';

/** The manifests in a text, read as Linkerd would read them unless `strict`. */
function manifestsOf(yaml: string, { strict = false } = {}): MeshManifests {
  return parseMeshManifests([{ file: 'test.yaml', text: yaml }], { strict }).manifests;
}

/** A Service of port 80 in namespace `a` that selects the pods labelled with its name. */
export function service(name: string, change: Partial<MeshService> = {}): MeshService {
  return {
    namespace: 'a',
    name,
    annotations: {},
    selector: { app: name },
    hasClusterIp: true,
    ports: [{ name: 'http', port: 80, target: 'http' }],
    ...change,
  };
}

/** A meshed pod `<app>-1` in namespace `a`, of the account named as its app. */
export function instance(app: string, change: Partial<MeshInstance> = {}): MeshInstance {
  return {
    name: `${app}-1`,
    namespace: 'a',
    serviceAccount: app,
    labels: { app },
    annotations: {},
    meshed: true,
    deployment: app,
    ports: [{ name: 'http', containerPort: 8080, socket: { path: `/run/${app}-1.sock` } }],
    probes: [],
    tcpTargets: [],
    ...change,
  };
}

/** A world of the manifests in `yaml`; everything in it is ready. */
export function worldOf(yaml: string, change: Partial<World> = {}): World {
  const instances = change.instances ?? [instance('b'), instance('client')];
  return {
    manifests: manifestsOf(yaml),
    services: [service('b'), service('b-1'), service('b-2')],
    ready: new Set(instances.map(({ name }) => name)),
    faults: [],
    settings: settingsDefault,
    ...change,
    instances,
  };
}

/** What the proxy of the instance `name` is told. */
export function snapshotOf(world: World, name = 'client-1'): Compiled {
  const found = world.instances.find((one) => one.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return new Compilation(world).snapshotFor(found);
}

/** The port of a Service as the client sees it. */
export function portOf(world: World, name = 'b', { port = 80, client = 'client-1' } = {}) {
  const found = snapshotOf(world, client).services.find(
    (one) => one.name === name && one.port === port,
  );
  if (!found) throw new Error(`there is no ${name}:${port}`);
  return found;
}

type RouteText = {
  name?: string;
  namespace?: string;
  created?: string;
  annotations?: Record<string, string>;
  parent?: string;
  rules?: string;
  apiVersion?: string;
  hostnames?: readonly string[];
};

/** YAML of an HTTPRoute of Service b; `parent` and `rules` are YAML in flow style. */
export function route(text: RouteText = {}): string {
  return JSON.stringify({
    apiVersion: text.apiVersion ?? 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      name: text.name ?? 'r',
      namespace: text.namespace ?? 'a',
      ...(text.created && { creationTimestamp: text.created }),
      ...(text.annotations && { annotations: text.annotations }),
    },
    spec: {
      parentRefs: [
        { group: 'core', kind: 'Service', name: 'b', namespace: 'a', ...parse(text.parent) },
      ],
      ...(text.hostnames && { hostnames: text.hostnames }),
      rules: [parse(text.rules)],
    },
  });
}

function parse(json: string | undefined): object {
  const value: unknown = JSON.parse(json ?? '{}');
  return typeof value === 'object' && value ? value : {};
}

/** Several documents as one text. */
export function documents(...texts: string[]): string {
  return texts.join('\n---\n');
}
