/** Where Flagger asks, as one gets there from outside of the cluster. */
export type Reach =
  | { kind: 'service'; namespace: string; service: string; port: number }
  | { kind: 'url'; url: string };

/** Names of a Service that are good in every cluster, and end in the cluster's domain if at all. */
const serviceHost =
  /^(?<service>[a-z0-9-]+)(\.(?<namespace>[a-z0-9-]+)(\.svc(\.cluster\.local)?\.?)?)?$/;

/**
 * How to reach the address of a MetricTemplate in `namespace`: a name without a domain is that of a
 * Service. Throws on what is no http or https URL.
 */
export function reachOf(address: string, namespace: string): Reach {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error(`ask Prometheus: expected a URL in the MetricTemplate, not '${address}'`);
  }
  const host = serviceHost.exec(url.hostname)?.groups;
  const service = host?.['service'];
  if (service === undefined || url.hostname === 'localhost') return { kind: 'url', url: address };
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return { kind: 'service', service, namespace: host?.['namespace'] ?? namespace, port };
}
