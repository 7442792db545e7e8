import type { ProxySnapshot, WireFault, WireServicePort } from '@faultline/mesh-core/snapshot';
import { Backends } from './backends.ts';
import type { Deps } from './deps.ts';
import { type Destination, Destinations } from './destinations.ts';
import { External } from './external.ts';
import { ProxyError } from './errors.ts';
import { splitAuthority } from './http/target.ts';
import type { Handler } from './layer.ts';
import { type Address, addressText } from './net/address.ts';

const RESOLVED_MAX = 1_000;

/** A Service port whose stack is made when somebody first calls it: most proxies call few Services. */
type Entry = { readonly wire: WireServicePort; destination: Destination | undefined };

/** All destinations of a snapshot, by the names a client in `namespace` may use for them. */
export class Services {
  readonly #namespace: string;
  readonly #backends: Backends;
  readonly #destinations: Destinations;
  readonly #external: External;
  /** By `namespace/name:port`. */
  #entries = new Map<string, Entry>();
  #byName = new Map<string, Entry>();
  #pods = new Map<string, Destination>();
  #hosts = new Set<string>();
  #faults: readonly WireFault[] = [];
  /** What clients wrote, resolved; bounded, as they choose what to write. */
  #resolved = new Map<string, Destination | undefined>();

  constructor(deps: Deps, namespace: string) {
    this.#namespace = namespace;
    this.#backends = new Backends(deps);
    this.#destinations = new Destinations(deps, this.#backends);
    this.#external = new External(deps);
  }

  get backends(): Backends {
    return this.#backends;
  }

  /** The Service port or pod that `authority` names, if it names one. */
  find(authority: string): Destination | undefined {
    if (this.#resolved.has(authority)) return this.#resolved.get(authority);
    const { host, port } = splitAuthority(authority);
    const at = `${host}:${port}`;
    const entry = this.#byName.get(at);
    const found = entry ? this.#open(entry) : this.#pods.get(at);
    if (this.#resolved.size >= RESOLVED_MAX) this.#resolved.clear();
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

  /** Where a tunnel out of the mesh may go; undefined when it may not. */
  tunnelTo(authority: string): Promise<Address | undefined> {
    return this.#external.tunnelTo(authority);
  }

  /** Replaces everything in one step; requests under way keep what they began with. */
  apply({ services, endpoints, faults, egress = [] }: ProxySnapshot): void {
    this.#external.apply(egress);
    const before = this.#entries;
    this.#entries = new Map();
    this.#byName = new Map();
    this.#hosts = new Set();
    this.#resolved = new Map();
    this.#faults = faults.filter(({ at }) => at === 'outbound');
    for (const wire of services) this.#add(wire);
    this.#pods = new Map(
      Object.values(endpoints)
        .flat()
        .filter(({ socket }) => 'port' in socket)
        .map((wire) => [addressText(wire.socket), this.#destinations.pod(wire)]),
    );
    this.#backends.begin(endpoints);
    // What is in use is made anew at once, so that its connections and breakers are kept.
    for (const [key, entry] of this.#entries) if (before.get(key)?.destination) this.#open(entry);
    this.#backends.finish();
  }

  sweep(nowMs: number): void {
    this.#backends.sweep(nowMs);
    this.#external.sweep(nowMs);
  }

  close(): void {
    this.#backends.close();
    this.#external.close();
  }

  #add(wire: WireServicePort): void {
    const entry: Entry = { wire, destination: undefined };
    this.#entries.set(`${wire.namespace}/${wire.name}:${wire.port}`, entry);
    for (const host of hostsOf(wire, this.#namespace)) {
      this.#hosts.add(host);
      this.#byName.set(`${host}:${wire.port}`, entry);
    }
  }

  #open(entry: Entry): Destination {
    const { wire } = entry;
    const service = `${wire.namespace}/${wire.name}`;
    const faults = this.#faults.filter(({ target }) => target === service);
    entry.destination ??= wire.headless
      ? this.#destinations.headless(wire)
      : this.#destinations.service(wire, faults);
    return entry.destination;
  }
}

function hostsOf({ name, namespace }: WireServicePort, own: string): string[] {
  const full = `${name}.${namespace}`;
  const hosts = [full, `${full}.svc`, `${full}.svc.cluster.local`];
  return namespace === own ? [name, ...hosts] : hosts;
}
