// Manifests as objects: JSON is YAML. Defaults are those of the table: Service b in namespace a.

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
};

type Annotations = Readonly<Record<string, string>>;

const gateway = 'gateway.networking.k8s.io/v1';
const policy = 'policy.linkerd.io/v1alpha1';

function metadataOf(options: { name: string; namespace?: string; annotations?: Annotations }) {
  const { name, namespace = 'a', annotations } = options;
  return { name, namespace, ...(annotations && { annotations }) };
}

export type ServiceOptions = {
  readonly namespace?: string;
  readonly annotations?: Annotations;
  readonly selector?: Readonly<Record<string, string>>;
  readonly headless?: boolean;
  readonly appProtocol?: string;
  readonly ports?: readonly number[];
};

/** A Service of port 80 that selects the pods whose label `app` is its name. */
export function service(name: string, options: ServiceOptions = {}): Manifest {
  const { selector = { app: name }, ports = [80], appProtocol } = options;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf({ name, ...options }),
    spec: {
      selector,
      ...(options.headless && { clusterIP: 'None' }),
      ports: ports.map((port) => ({
        name: `p${port}`,
        port,
        targetPort: 'http',
        ...(appProtocol !== undefined && { appProtocol }),
      })),
    },
  };
}

export type RouteOptions = {
  readonly name?: string;
  readonly namespace?: string;
  readonly kind?: 'HTTPRoute' | 'GRPCRoute';
  readonly apiVersion?: string;
  /** Creation time; earlier ones come first. */
  readonly created?: string;
  readonly annotations?: Annotations;
  /** Beside Service b of namespace a. */
  readonly parent?: Readonly<Record<string, unknown>>;
  readonly hostnames?: readonly string[];
  readonly rules?: readonly object[];
};

/** A route of Service b. */
export function route(options: RouteOptions = {}): Manifest {
  const { name = 'r', kind = 'HTTPRoute', apiVersion = gateway, hostnames, rules } = options;
  const parent = { group: 'core', kind: 'Service', name: 'b', namespace: 'a' };
  return {
    apiVersion,
    kind,
    metadata: {
      ...metadataOf({ ...options, name }),
      ...(options.created !== undefined && { creationTimestamp: options.created }),
    },
    spec: {
      parentRefs: [{ ...parent, ...options.parent }],
      ...(hostnames && { hostnames }),
      ...(rules && { rules }),
    },
  };
}

/** A backendRef to port 80 of a Service. */
export function to(name: string, weight?: number, more: object = {}): object {
  return { name, port: 80, ...(weight !== undefined && { weight }), ...more };
}

/** A rule that sends everything under `prefix` to `backends`. */
export function rule(prefix: string, ...backends: readonly object[]): object {
  return {
    matches: [{ path: { type: 'PathPrefix', value: prefix } }],
    ...(backends.length > 0 && { backendRefs: backends }),
  };
}

export type ServerOptions = {
  readonly name?: string;
  readonly app?: string;
  readonly proxyProtocol?: string;
  readonly accessPolicy?: string;
};

/** A Server for the port `http` of the pods labelled `app: b`. */
export function server(options: ServerOptions = {}): Manifest {
  const { name = 'b-http', app = 'b', proxyProtocol, accessPolicy } = options;
  return {
    apiVersion: 'policy.linkerd.io/v1beta3',
    kind: 'Server',
    metadata: metadataOf({ name }),
    spec: {
      podSelector: { matchLabels: { app } },
      port: 'http',
      ...(proxyProtocol !== undefined && { proxyProtocol }),
      ...(accessPolicy !== undefined && { accessPolicy }),
    },
  };
}

const serverRef = { group: 'policy.linkerd.io', kind: 'Server', name: 'b-http' };

/** Lets accounts of namespace a call what `target` names, by default the Server. */
export function allow(accounts: readonly string[], target: object = serverRef): Manifest[] {
  const name = 'callers';
  return [
    {
      apiVersion: policy,
      kind: 'MeshTLSAuthentication',
      metadata: metadataOf({ name }),
      spec: {
        identityRefs: accounts.map((account) => ({ kind: 'ServiceAccount', name: account })),
      },
    },
    {
      apiVersion: policy,
      kind: 'AuthorizationPolicy',
      metadata: metadataOf({ name }),
      spec: {
        targetRef: target,
        requiredAuthenticationRefs: [
          { group: 'policy.linkerd.io', kind: 'MeshTLSAuthentication', name },
        ],
      },
    },
  ];
}

/** Lets everybody call the Server. */
export function allowAll(): Manifest {
  return {
    apiVersion: policy,
    kind: 'AuthorizationPolicy',
    metadata: metadataOf({ name: 'everybody' }),
    spec: { targetRef: serverRef, requiredAuthenticationRefs: [] },
  };
}

/** A rate limit of the Server. */
export function rateLimit(spec: Readonly<Record<string, unknown>>): Manifest {
  return {
    apiVersion: policy,
    kind: 'HTTPLocalRateLimitPolicy',
    metadata: metadataOf({ name: 'limit' }),
    spec: { targetRef: serverRef, ...spec },
  };
}
