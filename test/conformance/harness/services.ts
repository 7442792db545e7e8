import type { MeshService } from '@faultline/mesh-control/world';
import { z } from 'zod';
import type { Manifest } from './manifests.ts';

const spec = z.object({
  selector: z.record(z.string(), z.string()),
  clusterIP: z.string().optional(),
  ports: z.array(
    z.object({
      name: z.string(),
      port: z.number(),
      targetPort: z.string(),
      appProtocol: z.string().optional(),
    }),
  ),
});

/** What the engine tells the control plane of a Service. */
export function toMeshService({ metadata, spec: text }: Manifest): MeshService {
  const { selector, clusterIP, ports } = spec.parse(text);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    annotations: metadata.annotations ?? {},
    selector,
    hasClusterIp: clusterIP !== 'None',
    ports: ports.map(({ targetPort: target, ...port }) => ({ ...port, target })),
  };
}
