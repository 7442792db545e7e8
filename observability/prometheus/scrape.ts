import { formatMs, Timing, type Pace } from './pace.ts';
import { ruleFiles, toYaml } from './rules.ts';

/** Where targets come from: a file that the local engine writes, or the cluster's API. */
export type Discovery =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'kubernetes' };

/** The address Prometheus itself is reached at, to watch itself. */
export type ScrapeOptions = {
  readonly pace: Pace;
  readonly discovery: Discovery;
  readonly self: string;
};

type Relabelling = {
  readonly action: 'replace' | 'keep' | 'drop' | 'labelmap' | 'labeldrop';
  readonly source_labels?: readonly string[];
  readonly regex?: string;
  readonly target_label?: string;
  readonly replacement?: string;
};

const pod = '__meta_kubernetes_pod_';
const label = `${pod}label_`;

function copy(from: string, to: string): Relabelling {
  return { action: 'replace', source_labels: [from], target_label: to };
}

/** A Deployment `orders`, and what a canary makes of it, are all the service `orders`. */
function serviceOf(to: string): Relabelling {
  return {
    action: 'replace',
    source_labels: [`${label}app_kubernetes_io_name`],
    regex: '(.+?)(?:-primary|-canary)?',
    target_label: to,
  };
}

const place = [copy('__meta_kubernetes_namespace', 'namespace'), copy(`${pod}name`, 'pod')];
const version = copy(`${label}app_kubernetes_io_version`, 'version');

/** As Linkerd viz names things: `linkerd.io/proxy-deployment: x` becomes `deployment="x"`, and so on. */
const proxyRelabelling: readonly Relabelling[] = [
  { action: 'keep', source_labels: [`${pod}phase`], regex: 'Pending|Running' },
  {
    action: 'keep',
    source_labels: [
      `${pod}container_name`,
      `${pod}container_port_name`,
      `${label}linkerd_io_control_plane_ns`,
    ],
    regex: 'linkerd-proxy;linkerd-admin;linkerd',
  },
  ...place,
  serviceOf('service'),
  version,
  // Prometheus has a `job` of its own.
  copy(`${label}linkerd_io_proxy_job`, 'k8s_job'),
  { action: 'labeldrop', regex: `${label}linkerd_io_proxy_job` },
  { action: 'labelmap', regex: `${label}linkerd_io_proxy_(.+)` },
  { action: 'labeldrop', regex: `${label}linkerd_io_proxy_(.+)` },
  { action: 'labelmap', regex: `${label}linkerd_io_(.+)` },
  { action: 'labeldrop', regex: `${label}linkerd_io_(.+)` },
  { action: 'labelmap', regex: `${label}(.+)` },
];

/** Services and other parts of the project: one job each, whose name is the service's. */
const appRelabelling: readonly Relabelling[] = [
  { action: 'keep', source_labels: [`${pod}phase`], regex: 'Pending|Running' },
  {
    action: 'keep',
    source_labels: [`${pod}container_port_name`, `${label}app_kubernetes_io_part_of`],
    regex: 'admin;faultline',
  },
  ...place,
  serviceOf('service'),
  serviceOf('job'),
  version,
  // The name of a pod begins with that of its Deployment.
  {
    action: 'replace',
    source_labels: [`${pod}name`],
    regex: '(.+)-[a-z0-9]+-[a-z0-9]+',
    target_label: 'deployment',
  },
];

/** Seldom looked at, and a quarter of what processes expose. */
const unwanted: Relabelling = {
  action: 'drop',
  source_labels: ['__name__'],
  regex: [
    'nodejs_(gc_duration_seconds_.+|heap_space_size_.+)',
    'nodejs_active_(handles|requests|resources)(_total)?',
    '.+_frame_size_bytes_(bucket|sum|count)',
  ].join('|'),
};

/**
 * Prometheus' configuration. Both engines relabel by the same text: the file names targets by the
 * labels that Kubernetes' discovery gives.
 */
export function renderConfig({ pace, discovery, self }: ScrapeOptions): string {
  const { scrape } = new Timing(pace);
  const { sidecarIntervalMs: ms } = pace;
  const often = ms && { scrape_interval: formatMs(ms), scrape_timeout: formatMs(ms) };
  const found =
    discovery.kind === 'file'
      ? // Now and then is for file systems that do not tell of changes.
        { file_sd_configs: [{ files: [discovery.path], refresh_interval: '5s' }] }
      : { kubernetes_sd_configs: [{ role: 'pod' }] };
  const kept = { metric_relabel_configs: [unwanted] };
  return toYaml({
    global: { scrape_interval: scrape, scrape_timeout: scrape, evaluation_interval: scrape },
    rule_files: ruleFiles,
    scrape_configs: [
      { job_name: 'linkerd-proxy', ...often, ...found, relabel_configs: proxyRelabelling, ...kept },
      { job_name: 'services', ...found, relabel_configs: appRelabelling, ...kept },
      { job_name: 'prometheus', static_configs: [{ targets: [self] }] },
    ],
  });
}
