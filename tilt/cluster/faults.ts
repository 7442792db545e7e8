import { stringify } from 'yaml';
import type { Command } from './run.ts';

/** What can be broken with the means of Linkerd and Kubernetes alone. */
export const kinds = ['error', 'unavailable', 'overload', 'kill'] as const;
export type Kind = (typeof kinds)[number];

type Fault = { kind: Kind; service: string; share: number };

/**
 * The manifest of a fault; empty for `kill`. `error` sends a share of the requests to a Service that
 * does not exist, which Linkerd answers at once with 500; `unavailable` to one without endpoints: 504
 * after three seconds, then 503 at once. `overload` lets one request a second in, and
 * answers the others with 429.
 */
export function faultManifest({ kind, service, share }: Fault): string {
  if (kind === 'kill') return '';
  const labels = { 'faultline.dev/fault': service };
  const metadata = { name: `fault-${service}`, namespace: 'shop', labels };
  if (kind === 'overload') return stringify(overload(metadata, service));
  const nowhere = { ...metadata, name: `fault-${service}-nowhere` };
  const parts = kind === 'error' ? [] : [serviceWithoutPods(nowhere)];
  return [...parts, split(metadata, { service, share })].map((one) => stringify(one)).join('---\n');
}

type Metadata = { name: string; namespace: string; labels: Record<string, string> };

function split(metadata: Metadata, { service, share }: { service: string; share: number }): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata,
    spec: {
      parentRefs: [{ group: 'core', kind: 'Service', name: service, port: 80 }],
      rules: [
        {
          // Longer than any other match by its path, and narrower by a header that all calls carry.
          matches: [
            {
              path: { type: 'RegularExpression', value: '/.*' },
              headers: [{ type: 'RegularExpression', name: 'traceparent', value: '.+' }],
            },
          ],
          backendRefs: [
            { name: service, port: 80, weight: 100 - share },
            { name: `${metadata.name}-nowhere`, port: 80, weight: share },
          ],
        },
      ],
    },
  };
}

function serviceWithoutPods(metadata: Metadata): object {
  const spec = {
    selector: { 'faultline.dev/nobody': 'here' },
    ports: [{ name: 'http', port: 80 }],
  };
  return { apiVersion: 'v1', kind: 'Service', metadata, spec };
}

function overload(metadata: Metadata, service: string): object {
  const server = `${service}-http`;
  return {
    apiVersion: 'policy.linkerd.io/v1alpha1',
    kind: 'HTTPLocalRateLimitPolicy',
    metadata,
    spec: {
      targetRef: { group: 'policy.linkerd.io', kind: 'Server', name: server },
      total: { requestsPerSecond: 1 },
    },
  };
}

/** What takes a service's faults away. */
export function clearCommand(kubectl: Command, service: string): Command {
  const [program, ...args] = kubectl;
  const resources =
    'httproutes.gateway.networking.k8s.io,services,httplocalratelimitpolicies.policy.linkerd.io';
  return [
    program,
    ...args,
    '-n',
    'shop',
    'delete',
    resources,
    '--selector',
    `faultline.dev/fault=${service}`,
    '--ignore-not-found',
  ];
}
