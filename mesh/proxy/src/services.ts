import type {
  ProxySnapshot,
  WireFault,
  WireRule,
  WireServicePort,
} from '@faultline/mesh-core/snapshot';
import { type BackendState, Backends } from './backends.ts';
import type { Deps } from './deps.ts';
import { External } from './external.ts';
import { ProxyError } from './errors.ts';
import { splitAuthority } from './http/target.ts';
import { invalidBackend } from './layers/invalid-backend.ts';
import { routeMatch } from './layers/route-match.ts';
import type { Backend } from './layers/split.ts';
import type { Handler } from './layer.ts';
import { DEFAULT_ROUTE } from './metrics/route.ts';
import { ruleBackendStack, ruleStack } from './outbound.ts';
import { compileRoutes } from './routes.ts';

const DESTINATIONS_MAX = 1_000;

/** A Service port as requests find it. */
export type Destination = {
  readonly name: string;
  readonly wire: WireServicePort;
  readonly handler: Handler;
  /** For what is not HTTP: the Service's own endpoints, without routes. */
  readonly own: BackendState;
};

/** All destinations of a snapshot, by the names a client in `namespace` may use for them. */
export class Services {
  readonly #deps: Deps;
  readonly #namespace: string;
  readonly #backends: Backends;
  readonly #external: External;
  #byName = new Map<string, Destination>();
  #hosts = new Set<string>();
  /** What clients wrote, resolved; bounded, as they choose what to write. */
  #resolved = new Map<string, Destination | undefined>();

  constructor(deps: Deps, namespace: string) {
    this.#deps = deps;
    this.#namespace = namespace;
    this.#backends = new Backends(deps);
    this.#external = new External(deps);
  }

  get backends(): Backends {
    return this.#backends;
  }

  /** The Service port that `authority` names, if it names one. */
  find(authority: string): Destination | undefined {
    if (this.#resolved.has(authority)) return this.#resolved.get(authority);
    const { host, port } = splitAuthority(authority);
    const found = this.#byName.get(`${host}:${port}`);
    if (this.#resolved.size >= DESTINATIONS_MAX) this.#resolved.clear();
    this.#resolved.set(authority, found);
    return found;
  }

  /** Why `authority` leads nowhere; undefined when it lies outside the cluster. */
  explainAbsence(authority: string): string | undefined {
    const { host, port } = splitAuthority(authority);
    if (this.#hosts.has(host)) return `service ${host} has no port ${port}`;
    const inCluster = !/[.:]/.test(host) || /\.svc(\.cluster\.local)?$/.test(host);
    return inCluster && host !== 'localhost' ? `no such service: ${host}` : undefined;
  }

  /** The innermost part of the client's stack: the Service's routes, or the outside. */
  readonly handler: Handler = (request) => {
    const destination = this.find(request.destination);
    if (destination) {
      request.decision.service = destination.name;
      return destination.handler(request);
    }
    const reason = this.explainAbsence(request.destination);
    if (reason !== undefined) return Promise.reject(new ProxyError('no-service', reason));
    return this.#external.handler(request);
  };

  /** Replaces everything in one step; requests under way keep what they began with. */
  apply({ services, endpoints, faults }: ProxySnapshot): void {
    this.#backends.begin(endpoints);
    const byName = new Map<string, Destination>();
    const hosts = new Set<string>();
    for (const service of services) {
      const destination = this.#destination(service, faults);
      for (const host of hostsOf(service, this.#namespace)) {
        hosts.add(host);
        byName.set(`${host}:${service.port}`, destination);
      }
    }
    this.#backends.finish();
    this.#byName = byName;
    this.#hosts = hosts;
    this.#resolved = new Map();
  }

  sweep(nowMs: number): void {
    this.#backends.sweep(nowMs);
    this.#external.sweep(nowMs);
  }

  close(): void {
    this.#backends.close();
    this.#external.close();
  }

  #destination(parent: WireServicePort, all: readonly WireFault[]): Destination {
    const target = {
      kind: 'service',
      namespace: parent.namespace,
      name: parent.name,
      port: parent.port,
    } as const;
    const own = this.#backends.take(parent, target);
    const name = `${parent.name}.${parent.namespace}.svc.cluster.local:${parent.port}`;
    if (parent.protocol === 'opaque') return { name, wire: parent, own, handler: own.handler };
    const service = `${parent.namespace}/${parent.name}`;
    const faults = all.filter((fault) => fault.at === 'outbound' && fault.target === service);
    const routes = compileRoutes(parent.routes, (route, rule, index) => ({
      route: `${route.ref.kind.toLowerCase()}.${route.ref.name}`,
      index,
      handler: this.#rule(rule, { parent, faults, route: route.ref }),
    }));
    const rule: WireRule = {
      matches: [],
      filters: [],
      backends: [{ weight: 1, filters: [], target }],
      timeouts: parent.timeouts,
      ...(parent.retry && { retry: parent.retry }),
    };
    const fallback = {
      route: `${DEFAULT_ROUTE.kind}.${DEFAULT_ROUTE.name}`,
      index: 0,
      handler: this.#rule(rule, { parent, faults, route: DEFAULT_ROUTE }),
    };
    return { name, wire: parent, own, handler: routeMatch(routes, fallback) };
  }

  #rule(
    rule: WireRule,
    of: { parent: WireServicePort; route: typeof DEFAULT_ROUTE; faults: readonly WireFault[] },
  ): Handler {
    const backends = rule.backends.map((backend) => this.#backend(backend, of));
    return ruleStack({ ...of, rule, backends }, this.#deps);
  }

  #backend(
    backend: WireRule['backends'][number],
    { parent, route }: { parent: WireServicePort; route: typeof DEFAULT_ROUTE },
  ): Backend {
    const { weight, target } = backend;
    if (target.kind === 'invalid') {
      const inner = invalidBackend(target.message);
      const handler = ruleBackendStack({ parent, route, backend }, inner, this.#deps);
      return { name: 'invalid', weight, ready: true, handler };
    }
    const state = this.#backends.take(parent, target);
    const handler = ruleBackendStack({ parent, route, backend }, state.handler, this.#deps);
    return {
      name: state.name,
      weight,
      handler,
      get ready() {
        return state.waiting.ready;
      },
    };
  }
}

function hostsOf({ name, namespace }: WireServicePort, own: string): string[] {
  const full = `${name}.${namespace}`;
  const hosts = [full, `${full}.svc`, `${full}.svc.cluster.local`];
  return namespace === own ? [name, ...hosts] : hosts;
}
