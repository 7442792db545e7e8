import type { WireEndpoint, WireEndpoints } from '@faultline/mesh-core/snapshot';
import { identityOf, instancesOf, type MeshInstance, portOf, type World } from '../world.ts';

/** The ready instances behind every Service port, headless ones included; none is an empty list. */
export function compileEndpoints(world: World): WireEndpoints {
  return Object.fromEntries(
    world.services.flatMap((service) => {
      const ready = instancesOf(service, world).filter(({ name }) => world.ready.has(name));
      return service.ports.map(({ port, target }) => [
        `${service.namespace}/${service.name}:${port}`,
        ready.flatMap((instance) => {
          const found = portOf(instance, target);
          return found ? [toEndpoint(instance, { socket: found.socket, world })] : [];
        }),
      ]);
    }),
  );
}

function toEndpoint(
  instance: MeshInstance,
  { socket, world }: { socket: WireEndpoint['socket']; world: World },
): WireEndpoint {
  const { name, namespace, serviceAccount, deployment, templateHash, version } = instance;
  const account = { namespace, name: serviceAccount };
  return {
    socket,
    ...(instance.meshed && { identity: identityOf(account, world.settings) }),
    labels: {
      dst_namespace: namespace,
      dst_pod: name,
      dst_deployment: deployment,
      dst_serviceaccount: serviceAccount,
      ...(templateHash !== undefined && { dst_pod_template_hash: templateHash }),
      ...(version !== undefined && { dst_version: version }),
    },
  };
}
