import type { WireEndpoint } from '@faultline/mesh-core/snapshot';
import { addressText } from '../net/address.ts';
import type { Labels } from './registry.ts';
import { serverTlsLabels } from './tls-labels.ts';

/** Linkerd's labels of an endpoint; `service` is the Service it was reached by, if by one. */
export function endpointLabels(
  { socket, identity, labels }: WireEndpoint,
  service?: { readonly namespace: string; readonly name: string; readonly port: number },
): Labels {
  const tcp = 'path' in socket ? { host: '', port: 0 } : socket;
  return {
    ...(service && {
      authority: `${service.name}.${service.namespace}.svc.cluster.local:${service.port}`,
    }),
    target_addr: addressText(socket),
    target_ip: tcp.host,
    target_port: tcp.port,
    ...serverTlsLabels(identity),
    ...(service && { dst_namespace: service.namespace, dst_service: service.name }),
    ...labels,
  };
}
