import type { Labels } from './registry.ts';

/** How a client of this proxy has proved who it is. */
export function clientTlsLabels(identity: string | undefined): Labels {
  return identity === undefined
    ? { tls: 'no_identity', no_tls_reason: 'no_tls_from_remote' }
    : { tls: 'true', client_id: identity };
}

/** Who an endpoint has to prove to be. */
export function serverTlsLabels(identity: string | undefined): Labels {
  return identity === undefined
    ? { tls: 'no_identity', no_tls_reason: 'not_provided_by_service_discovery' }
    : { tls: 'true', server_id: identity };
}

/** Connections within the pod. */
export const LOOPBACK: Labels = { tls: 'no_identity', no_tls_reason: 'loopback' };
