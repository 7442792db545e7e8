import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from './run.ts';

/** A command that prints `text` where just what is pinned was installed before. */
type Installed = { command: Command; text: string };

/** One step of the set-up: may be taken any number of times. */
export type Step = {
  commands: readonly Command[];
  installed?: Installed;
  /** Succeeds when the step is done. */
  check: readonly Command[];
  /** What to look at when it does not. */
  remedy: string;
};

type Versions = {
  gatewayApi: string;
  linkerd: { repository: string; chart: string };
  flagger: { repository: string; chart: string };
};

export const root = fileURLToPath(new URL('../../', import.meta.url));
/** Certificates and Secrets of one's own cluster; git ignores it. */
export const stateDir = join(root, '.faultline', 'cluster');

export function readVersions(): Versions {
  // Ours, and checked by the tests.
  return JSON.parse(readFileSync(join(root, 'tilt/cluster/versions.json'), 'utf8')) as Versions;
}

/** The steps by name, for the cluster of a kubectl context. */
export function stepsFor(context: string, versions: Versions): Readonly<Record<string, Step>> {
  const kubectl = (...args: string[]): Command => ['kubectl', '--context', context, ...args];
  const release = releaseOf(versions.gatewayApi);
  const helm = helmFor(context);
  const { linkerd, flagger } = versions;
  const isReady = (namespace: string, name: string) =>
    kubectl('-n', namespace, 'rollout', 'status', `deployment/${name}`, '--timeout=5m');
  return {
    'gateway-api': {
      commands: [kubectl('apply', '--server-side', '--force-conflicts', '-f', release)],
      installed: {
        command: kubectl(
          ...['get', 'crd', 'httproutes.gateway.networking.k8s.io', '--output'],
          'jsonpath={.metadata.annotations.gateway\\.networking\\.k8s\\.io/bundle-version}',
        ),
        text: versions.gatewayApi,
      },
      check: [established(kubectl, 'httproutes.gateway.networking.k8s.io')],
      remedy: `is ${release} reachable? From a machine that is, fetch it and apply the file`,
    },
    'linkerd-crds': {
      commands: [helm('linkerd-crds', { ...linkerd, namespace: 'linkerd' })],
      installed: released(context, 'linkerd', `linkerd-crds-${linkerd.chart}`),
      check: [established(kubectl, 'servers.policy.linkerd.io')],
      remedy: 'the Gateway API comes first; look at `helm -n linkerd status linkerd-crds`',
    },
    linkerd: {
      commands: [
        helm('linkerd-control-plane', {
          ...linkerd,
          namespace: 'linkerd',
          values: [join(root, 'mesh/linkerd/control-plane.yaml')],
          files: {
            identityTrustAnchorsPEM: join(stateDir, 'ca.crt'),
            'identity.issuer.tls.crtPEM': join(stateDir, 'issuer.crt'),
            'identity.issuer.tls.keyPEM': join(stateDir, 'issuer.key'),
          },
        }),
      ],
      installed: released(context, 'linkerd', `linkerd-control-plane-${linkerd.chart}`),
      check: ['destination', 'identity', 'proxy-injector'].map((name) =>
        isReady('linkerd', `linkerd-${name}`),
      ),
      remedy:
        'run `linkerd check`; certificates past their end are made anew by removing .faultline/cluster/*.crt',
    },
    flagger: {
      commands: [
        helm('flagger', {
          ...flagger,
          namespace: 'flagger-system',
          values: [join(root, 'mesh/linkerd/flagger.yaml')],
        }),
      ],
      installed: released(context, 'flagger-system', `flagger-${flagger.chart}`),
      check: [established(kubectl, 'canaries.flagger.app'), isReady('flagger-system', 'flagger')],
      remedy: 'look at `kubectl -n flagger-system logs deployment/flagger`',
    },
    secrets: {
      commands: [
        // Tilt applies a kustomization as several resources, side by side.
        kubectl('apply', '-f', join(root, 'deploy/base/namespace.yaml')),
        kubectl('apply', '-f', join(root, 'deploy/observability/namespace.yaml')),
        kubectl('apply', '-f', join(stateDir, 'secrets.yaml')),
      ],
      check: [kubectl('-n', 'shop', 'get', 'secret', 'postgres-roles', '-o', 'name')],
      remedy: 'the file is made by `node tilt/cluster/secrets.ts`',
    },
  };
}

function releaseOf(version: string): string {
  const repository = 'https://github.com/kubernetes-sigs/gateway-api';
  return `${repository}/releases/download/${version}/standard-install.yaml`;
}

function established(kubectl: (...args: string[]) => Command, name: string): Command {
  return kubectl('wait', '--for=condition=Established', '--timeout=60s', `crd/${name}`);
}

/** How to learn whether a chart of that version is there. */
function released(context: string, namespace: string, chart: string): Installed {
  const list = ['helm', 'list', '--kube-context', context, '--namespace', namespace] as const;
  return { command: [...list, '--deployed', '--output', 'json'], text: `"${chart}"` };
}

type Chart = {
  repository: string;
  chart: string;
  namespace: string;
  values?: readonly string[];
  files?: Readonly<Record<string, string>>;
};

function helmFor(context: string) {
  return (
    name: string,
    { repository, chart, namespace, values = [], files = {} }: Chart,
  ): Command => [
    'helm',
    'upgrade',
    name,
    name,
    '--install',
    '--kube-context',
    context,
    '--namespace',
    namespace,
    '--create-namespace',
    '--repo',
    repository,
    '--version',
    chart,
    ...values.flatMap((file) => ['--values', file]),
    ...Object.entries(files).flatMap(([key, file]) => ['--set-file', `${key}=${file}`]),
  ];
}
