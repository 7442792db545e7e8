import type { WireFault } from '@faultline/mesh-core/snapshot';
import { instancesOf, type MeshInstance, selects, type World } from '../world.ts';
import type { FaultTarget } from './fault.ts';

type Place = Pick<WireFault, 'at' | 'target'>;

/** The faults that the proxy of `instance` injects, in the order in which they were added. */
export function compileFaults(instance: MeshInstance, world: World): WireFault[] {
  return world.faults.flatMap(({ id, at, match, sharePercent, direction, effect, untilMs }) => {
    const place = placeFor(at, instance, world);
    if (place === undefined || effect.kind === 'kill') return [];
    return [{ id, ...place, match, sharePercent, direction, untilMs, effect }];
  });
}

function placeFor(target: FaultTarget, instance: MeshInstance, world: World): Place | undefined {
  switch (target.kind) {
    case 'instance':
      return instance.name === target.name ? { at: 'inbound' } : undefined;
    case 'store':
      return hasTarget(instance, target.name) ? { at: 'tcp', target: target.name } : undefined;
    case 'edge':
      if (!isBehind(instance, target.from, world)) return undefined;
      if (target.to.kind === 'store') return placeFor(target.to, instance, world);
      return { at: 'outbound', target: `${target.to.namespace}/${target.to.name}` };
    case 'service':
      if (isBehind(instance, target, world)) return { at: 'inbound' };
      // Nobody is there to do it for a Service without proxies: its callers do.
      return isMeshed(target, world)
        ? undefined
        : { at: 'outbound', target: `${target.namespace}/${target.name}` };
  }
}

function hasTarget({ tcpTargets }: MeshInstance, name: string): boolean {
  return tcpTargets.some((target) => target.name === name);
}

type Name = { readonly namespace: string; readonly name: string };

function find({ namespace, name }: Name, { services }: World) {
  return services.find((service) => service.name === name && service.namespace === namespace);
}

function isBehind(instance: MeshInstance, name: Name, world: World): boolean {
  const service = find(name, world);
  return (
    service !== undefined &&
    service.namespace === instance.namespace &&
    selects(service.selector, instance.labels)
  );
}

function isMeshed(name: Name, world: World): boolean {
  const service = find(name, world);
  return service === undefined || instancesOf(service, world).every(({ meshed }) => meshed);
}
