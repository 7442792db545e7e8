import { pickTwo } from '@faultline/mesh-core/p2c';
import type {
  WireEndpoint,
  WireFault,
  WireRule,
  WireServicePort,
} from '@faultline/mesh-core/snapshot';
import type { BackendState, Backends } from './backends.ts';
import type { Deps } from './deps.ts';
import { ProxyError } from './errors.ts';
import { invalidBackend } from './layers/invalid-backend.ts';
import { routeMatch } from './layers/route-match.ts';
import type { Backend } from './layers/split.ts';
import type { Handler } from './layer.ts';
import { DEFAULT_ROUTE } from './metrics/route.ts';
import { addressText } from './net/address.ts';
import { ruleBackendStack, ruleStack } from './outbound.ts';
import { compileRoutes } from './routes.ts';

/** A Service port, or one pod, as requests find it. */
export type Destination = {
  readonly name: string;
  readonly handler: Handler;
  readonly isOpaque: boolean;
  /** For what is not HTTP: one of its endpoints that are ready. */
  pick(): WireEndpoint | undefined;
};

type RuleOf = {
  readonly parent: WireServicePort;
  readonly route: typeof DEFAULT_ROUTE;
  readonly faults: readonly WireFault[];
};

/** Makes destinations of what snapshots say. */
export class Destinations {
  readonly #deps: Deps;
  readonly #backends: Backends;

  constructor(deps: Deps, backends: Backends) {
    this.#deps = deps;
    this.#backends = backends;
  }

  /** A pod that is called by its address. */
  pod(wire: WireEndpoint): Destination {
    return {
      name: wire.labels['dst_pod'] ?? addressText(wire.socket),
      isOpaque: false,
      handler: (request) => this.#backends.direct(wire)(request),
      pick: () => wire,
    };
  }

  /** A name that stands for the addresses of its pods, one of which is drawn each time. */
  headless(parent: WireServicePort): Destination {
    const { namespace, name, port, protocol } = parent;
    const backends = this.#backends;
    const pick = (): WireEndpoint | undefined => {
      const wires = backends.endpointsOf(`${namespace}/${name}:${port}`);
      return wires[Math.floor(this.#deps.random() * wires.length)];
    };
    return {
      name: nameOf(parent),
      isOpaque: protocol === 'opaque',
      pick,
      handler(request) {
        const wire = pick();
        if (wire) return backends.direct(wire)(request);
        return Promise.reject(new ProxyError('no-service', `${name} has no endpoints`));
      },
    };
  }

  /** A Service port with its routes; `faults` are those of the client's side. */
  service(parent: WireServicePort, faults: readonly WireFault[]): Destination {
    const { namespace, name: service, port } = parent;
    const target = { kind: 'service', namespace, name: service, port } as const;
    const own = this.#backends.take(parent, target);
    const name = nameOf(parent);
    const pick = (): WireEndpoint | undefined => pickEndpoint(own, this.#deps);
    if (parent.protocol === 'opaque') return { name, isOpaque: true, pick, handler: own.handler };
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
    return { name, isOpaque: false, pick, handler: routeMatch(routes, fallback) };
  }

  #rule(rule: WireRule, of: RuleOf): Handler {
    const { parent, route } = of;
    const backends = rule.backends.map((backend) => this.#backend(backend, of));
    return ruleStack({ parent, route, rule, backends }, this.#deps);
  }

  #backend(backend: WireRule['backends'][number], of: RuleOf): Backend {
    const { weight, target } = backend;
    if (target.kind === 'invalid') {
      const inner = invalidBackend(target.message);
      const handler = ruleBackendStack({ ...of, backend }, inner, this.#deps);
      return { name: 'invalid', weight, ready: true, handler };
    }
    const state = this.#backends.take(of.parent, target);
    const handler = ruleBackendStack({ ...of, backend }, state.handler, this.#deps);
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

/** The less loaded of two of a backend's ready endpoints. */
function pickEndpoint({ balancer }: BackendState, { clock, random }: Deps) {
  const nowMs = clock.monotonic();
  const ready = balancer.ready(nowMs);
  const index = pickTwo(ready.length, (at) => ready[at]?.load(nowMs) ?? 0, random);
  return index === undefined ? undefined : ready[index]?.wire;
}

function nameOf({ namespace, name, port }: WireServicePort): string {
  return `${name}.${namespace}.svc.cluster.local:${port}`;
}
