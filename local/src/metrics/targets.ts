/** An instance as Prometheus finds it. */
export type ScrapedPod = {
  readonly name: string;
  readonly namespace: string;
  readonly deployment: string;
  /** The container's name: the service's, whatever Deployment its pod belongs to. */
  readonly container: string;
  readonly templateHash: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Its admin port, `http://host:port`; undefined when it has none or has not been up yet. */
  readonly adminUrl: string | undefined;
  /** That of its sidecar; undefined without one. */
  readonly sidecarAdminUrl: string | undefined;
};

/** A part of the system that is no pod, such as the trace store. */
export type ScrapedProgram = {
  readonly name: string;
  readonly version: string;
  readonly url: string;
};

/** An entry of Prometheus' file_sd format. */
export type TargetGroup = {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
};

const meta = '__meta_kubernetes_';

/**
 * What Prometheus is to scrape, named as Kubernetes' discovery names it, so that the same relabelling
 * makes the same labels in a cluster. A sidecar's pod has the labels Linkerd's injector adds.
 */
export function toTargets(
  pods: readonly ScrapedPod[],
  programs: readonly ScrapedProgram[] = [],
): TargetGroup[] {
  return [
    ...pods.flatMap((pod) => [
      ...target(pod.sidecarAdminUrl, sidecarLabels(pod)),
      ...target(pod.adminUrl, appLabels(pod)),
    ]),
    ...programs.flatMap(({ name, version, url }) =>
      target(url, {
        ...podMeta({ name, namespace: 'default', port: 'admin', container: name }),
        ...labelMeta({
          'app.kubernetes.io/name': name,
          'app.kubernetes.io/part-of': 'faultline',
          'app.kubernetes.io/version': version,
        }),
      }),
    ),
  ];
}

function target(url: string | undefined, labels: TargetGroup['labels']): TargetGroup[] {
  return url === undefined ? [] : [{ targets: [new URL(url).host], labels }];
}

function sidecarLabels(pod: ScrapedPod): TargetGroup['labels'] {
  const { name, namespace } = pod;
  return {
    ...podMeta({ name, namespace, port: 'linkerd-admin', container: 'linkerd-proxy' }),
    ...labelMeta(podLabels(pod)),
  };
}

function appLabels(pod: ScrapedPod): TargetGroup['labels'] {
  const { name, namespace, container } = pod;
  return {
    ...podMeta({ name, namespace, port: 'admin', container }),
    ...labelMeta(podLabels(pod)),
  };
}

function podLabels(pod: ScrapedPod): Record<string, string> {
  const { labels, templateHash, namespace, deployment, sidecarAdminUrl } = pod;
  return {
    ...labels,
    'pod-template-hash': templateHash,
    ...(sidecarAdminUrl !== undefined && {
      'linkerd.io/control-plane-ns': 'linkerd',
      'linkerd.io/workload-ns': namespace,
      'linkerd.io/proxy-deployment': deployment,
    }),
  };
}

function podMeta(pod: {
  name: string;
  namespace: string;
  port: string;
  container: string;
}): Record<string, string> {
  return {
    [`${meta}namespace`]: pod.namespace,
    [`${meta}pod_name`]: pod.name,
    [`${meta}pod_phase`]: 'Running',
    [`${meta}pod_container_name`]: pod.container,
    [`${meta}pod_container_port_name`]: pod.port,
  };
}

function labelMeta(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [
      `${meta}pod_label_${name.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`,
      value,
    ]),
  );
}
