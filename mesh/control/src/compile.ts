import type { ProxySnapshot, WireEndpoints, WireServicePort } from '@faultline/mesh-core/snapshot';
import { compileEndpoints } from './compile/endpoints.ts';
import { compileEgress } from './compile/egress.ts';
import { compileInbound } from './compile/inbound.ts';
import { compileServices } from './compile/outbound.ts';
import { compileFaults } from './faults/compile.ts';
import type { MeshInstance, World } from './world.ts';

/** A snapshot that has not got its version yet. */
export type Compiled = Omit<ProxySnapshot, 'version'>;

/**
 * Snapshots of one state of the world, whose shared parts are compiled once: Services for each
 * namespace that has clients, endpoints for all.
 */
export class Compilation {
  readonly #world: World;
  readonly #services = new Map<string, WireServicePort[]>();
  #endpoints: WireEndpoints | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** What the proxy of `instance` is told. */
  snapshotFor(instance: MeshInstance): Compiled {
    const world = this.#world;
    this.#endpoints ??= compileEndpoints(world);
    return {
      ...(!world.ready.has(instance.name) && { leaving: true }),
      services: this.#servicesFor(instance.namespace),
      endpoints: this.#endpoints,
      tcpTargets: instance.tcpTargets,
      egress: compileEgress(world, instance.namespace),
      ...compileInbound(instance, world),
      faults: compileFaults(instance, world),
    };
  }

  #servicesFor(namespace: string): WireServicePort[] {
    const known = this.#services.get(namespace);
    if (known) return known;
    const services = compileServices(this.#world, namespace);
    this.#services.set(namespace, services);
    return services;
  }
}
