import type { Annotations } from '@faultline/mesh-core/annotations';
import type { WireEndpoint, WireTcpTarget } from '@faultline/mesh-core/snapshot';
import type { Fault } from './faults/fault.ts';
import type { DefaultPolicy, MeshManifests } from './manifests/model.ts';

type Labels = Readonly<Record<string, string>>;

/** A Service of the manifests. */
export type MeshService = {
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Annotations;
  readonly selector: Labels;
  /** False for headless and ExternalName Services, which have no routes. */
  readonly hasClusterIp: boolean;
  readonly ports: readonly {
    readonly name?: string | undefined;
    readonly port: number;
    /** A container port's name or number. */
    readonly target: string | number;
    readonly appProtocol?: string | undefined;
  }[];
};

/** One pod. */
export type MeshInstance = {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Labels;
  readonly annotations: Annotations;
  /** False without a proxy: it is called in plain text. */
  readonly meshed: boolean;
  readonly deployment: string;
  readonly templateHash?: string | undefined;
  readonly version?: string | undefined;
  /** The ports others may call; `socket` is where: the inbound side of its proxy, or the app itself. */
  readonly ports: readonly {
    readonly name: string;
    readonly containerPort: number;
    readonly socket: WireEndpoint['socket'];
  }[];
  readonly probes: readonly { readonly path: string; readonly port: string | number }[];
  readonly tcpTargets: readonly WireTcpTarget[];
};

/** The defaults of the mesh, Linkerd's unless set. */
export type MeshSettings = {
  readonly trustDomain: string;
  readonly controlNamespace: string;
  readonly defaultInboundPolicy: DefaultPolicy;
  /** What `cluster-…` policies mean by the cluster. */
  readonly clusterNetworks: readonly string[];
  readonly opaquePorts: readonly number[];
  /**
   * Linkerd never says which generation of a route a status is about, and a Flagger that waits for
   * it waits for ever. True keeps it so.
   */
  readonly strictStatus: boolean;
};

export const settingsDefault: MeshSettings = {
  trustDomain: 'cluster.local',
  controlNamespace: 'linkerd',
  defaultInboundPolicy: 'all-unauthenticated',
  // RFC 1918, shared address space and unique local addresses; on one machine pods are on loopback.
  clusterNetworks: [
    '10.0.0.0/8',
    '100.64.0.0/10',
    '172.16.0.0/12',
    '192.168.0.0/16',
    'fd00::/8',
    '127.0.0.0/8',
    '::1/128',
  ],
  opaquePorts: [25, 587, 3_306, 4_444, 5_432, 6_379, 9_300, 11_211],
  strictStatus: true,
};

/** All that snapshots are made from. */
export type World = {
  readonly manifests: MeshManifests;
  readonly services: readonly MeshService[];
  readonly instances: readonly MeshInstance[];
  /** Names of the instances that take traffic. */
  readonly ready: ReadonlySet<string>;
  readonly faults: readonly Fault[];
  readonly settings: MeshSettings;
};

/** The name that a ServiceAccount's proxies prove. */
export function identityOf(
  account: { namespace: string; name: string },
  { trustDomain, controlNamespace }: MeshSettings,
): string {
  const { namespace, name } = account;
  return `${name}.${namespace}.serviceaccount.identity.${controlNamespace}.${trustDomain}`;
}

/** Whether labels carry every pair of a selector; an empty selector selects nothing. */
export function selects(selector: Labels, labels: Labels): boolean {
  const pairs = Object.entries(selector);
  return pairs.length > 0 && pairs.every(([key, value]) => labels[key] === value);
}

/** The instances behind a Service, ready or not. */
export function instancesOf(
  service: MeshService,
  { instances }: Pick<World, 'instances'>,
): MeshInstance[] {
  return instances.filter(
    ({ namespace, labels }) => namespace === service.namespace && selects(service.selector, labels),
  );
}

/** The port of an instance that `target` names. */
export function portOf(
  { ports }: MeshInstance,
  target: string | number,
): MeshInstance['ports'][number] | undefined {
  return ports.find(({ name, containerPort }) => name === target || containerPort === target);
}
