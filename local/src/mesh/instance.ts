import type { MeshInstance, MeshService } from '@faultline/mesh-control/world';
import type { Service } from '../manifests/model.ts';
import type { LoopbackAddress, PodPorts } from '../pods/ports.ts';
import type { JoiningPod } from './member.ts';
import type { StoreTarget } from './store-targets.ts';

/** A store and where the sidecar listens for it. */
export type ListenedStore = StoreTarget & { listen: LoopbackAddress };

/** A pod as the control plane is told of it; `reachedAt` is where others reach its ports. */
export function toMeshInstance(
  { name, deployment }: Pick<JoiningPod, 'name' | 'deployment'>,
  { reachedAt, stores }: { reachedAt: PodPorts; stores: readonly ListenedStore[] },
): MeshInstance {
  const { namespace, serviceAccount, podLabels, podAnnotations, meshed, templateHash } = deployment;
  return {
    name,
    namespace,
    serviceAccount,
    labels: podLabels,
    annotations: podAnnotations,
    meshed,
    deployment: deployment.name,
    templateHash,
    version: deployment.version,
    ports: reachedAt.map(({ address, ...port }) => ({ ...port, socket: address })),
    probes: Object.values(deployment.probes).map(({ path, port }) => ({ path, port })),
    tcpTargets: stores,
  };
}

/** A Service as the control plane is told of it. */
export function toMeshService(service: Service): MeshService {
  const { namespace, name, annotations, selector, hasClusterIp, ports } = service;
  return { namespace, name, annotations, selector, hasClusterIp, ports };
}
