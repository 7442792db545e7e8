import type { WireEgress } from '@faultline/mesh-core/snapshot';
import type { EgressNetwork } from '../manifests/model.ts';
import type { World } from '../world.ts';
import { inOrder } from './order.ts';
import { isAccepted } from './status.ts';

/** Where Linkerd looks for the networks of everybody. */
const globalNamespace = 'linkerd-egress';
const everything = ['0.0.0.0/0', '::/0'];

/** What clients in `namespace` may call outside: their own networks first, then everybody's. */
export function compileEgress(world: World, namespace: string): WireEgress[] {
  return [namespace, globalNamespace].flatMap((from) =>
    inOrder(world.manifests.egressNetworks.filter(({ ref }) => ref.namespace === from)).map(
      (network) => toWire(network, world),
    ),
  );
}

function toWire(network: EgressNetwork, world: World): WireEgress {
  const { ref, allows, networks } = network;
  const except = world.settings.clusterNetworks;
  return {
    ref,
    allows,
    networks: networks ?? everything.map((cidr) => ({ cidr, except })),
    routes: inOrder(world.manifests.routes).flatMap((route) =>
      route.parents.flatMap((parent) => {
        const { kind, namespace, name, port } = parent;
        const isOfIt = kind === ref.kind && namespace === ref.namespace && name === ref.name;
        if (!isOfIt || port === undefined || !route.indexed || !isAccepted(route, parent, world))
          return [];
        const rules = route.rules.map(({ matches }) => ({ matches }));
        return [{ port, ref: route.ref, hostnames: route.hostnames, rules }];
      }),
    ),
  };
}
