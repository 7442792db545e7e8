import type {
  ProxySnapshot,
  WireAuthorization,
  WireEndpoint,
  WireRoute,
  WireServicePort,
} from '@faultline/mesh-core/snapshot';

/** `default-inbound-policy: all-unauthenticated`. */
const EVERYBODY: WireAuthorization = {
  group: '',
  kind: 'default',
  namespace: '',
  name: 'all-unauthenticated',
  authentication: {},
};

export function snapshot(parts: Partial<ProxySnapshot> = {}): ProxySnapshot {
  return {
    version: 1,
    services: [],
    endpoints: {},
    tcpTargets: [],
    servers: [],
    defaultAuthorizations: [EVERYBODY],
    probePaths: [],
    faults: [],
    ...parts,
  };
}

export function service(parts: Partial<WireServicePort> = {}): WireServicePort {
  return {
    namespace: 'a',
    name: 'b',
    port: 80,
    protocol: 'detect',
    routes: [],
    timeouts: {},
    penalizeFailures: false,
    ...parts,
  };
}

export function route(name: string, parts: Partial<WireRoute> = {}): WireRoute {
  return {
    ref: { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'a', name },
    hostnames: [],
    rules: [],
    ...parts,
  };
}

export function rule(parts: Partial<WireRoute['rules'][number]> = {}): WireRoute['rules'][number] {
  return { matches: [], filters: [], backends: [backend('b')], timeouts: {}, ...parts };
}

export function backend(name: string, weight = 1): WireRoute['rules'][number]['backends'][number] {
  return { weight, filters: [], target: { kind: 'service', namespace: 'a', name, port: 80 } };
}

export function endpoint(
  socket: WireEndpoint['socket'],
  identity?: string,
  labels: Record<string, string> = {},
): WireEndpoint {
  return { socket, ...(identity !== undefined && { identity }), labels };
}
