import type { MetricSample as Sample } from '@faultline/origin/metrics';

/** What one proxy says of itself at one time. */
export type ProxyView = {
  service: string;
  samples: readonly Sample[];
  /** Its `/debug/endpoints`. */
  backends: readonly {
    backend: string;
    endpoints: readonly { breaker: { kind: string }; labels: Readonly<Record<string, string>> }[];
  }[];
};

/** Calls from one service to another, as the callers' proxies saw them. */
export type Edge = {
  source: string;
  target: string;
  protocol: 'http' | 'tcp';
  /** Requests, or connections, since the proxies started. */
  requests: number;
  /** Of the last moments, a second. */
  rps: number;
  /** Share that did not fail, 0 to 1; null without requests. */
  success: number | null;
  retries: number;
  p95_ms: number | null;
  mtls: boolean;
  /** Instances that a breaker has taken out. */
  ejected: string[];
};

const counted = 'outbound_http_route_request_statuses_total';
const retried = 'outbound_http_route_retry_requests_total';
const duration = 'outbound_http_route_request_duration_seconds_bucket';

/** The edges of the mesh, from two looks at its proxies that are `periodMs` apart. */
export function toEdges(
  before: readonly ProxyView[],
  after: readonly ProxyView[],
  periodMs: number,
): Edge[] {
  const sources = [...new Set(after.map(({ service }) => service))].toSorted();
  return sources.flatMap((source) => {
    const now = ofService(after, source);
    const earlier = ofService(before, source);
    return [
      ...httpEdges(source, { now, earlier, periodMs }),
      ...tcpEdges(source, { now, earlier, periodMs }),
    ];
  });
}

type Looks = { now: readonly ProxyView[]; earlier: readonly ProxyView[]; periodMs: number };

function httpEdges(source: string, { now, earlier, periodMs }: Looks): Edge[] {
  const targets = [...new Set(samplesOf(now, counted).map(targetOf))].toSorted();
  return targets.map((target) => {
    const mine = (views: readonly ProxyView[], name: string) =>
      samplesOf(views, name).filter((sample) => targetOf(sample) === target);
    const statuses = mine(now, counted);
    const requests = total(statuses);
    return {
      source,
      target,
      protocol: 'http',
      requests,
      rps: rate(requests - total(mine(earlier, counted)), periodMs),
      success: requests === 0 ? null : 1 - total(statuses.filter(isFailure)) / requests,
      retries: total(mine(now, retried)),
      p95_ms: quantileMs(mine(now, duration), 0.95),
      mtls: isMutual(now, target),
      ejected: ejectedOf(now, target),
    };
  });
}

/** Stores: connections, whose bytes are not looked into. */
function tcpEdges(source: string, { now, earlier, periodMs }: Looks): Edge[] {
  const open = (views: readonly ProxyView[]) =>
    samplesOf(views, 'tcp_open_total').filter(
      ({ labels }) =>
        labels['peer'] === 'dst' &&
        labels['direction'] === 'outbound' &&
        labels['dst_service'] !== undefined &&
        labels['authority'] === undefined,
    );
  const targets = [...new Set(open(now).map(({ labels }) => labels['dst_service'] ?? ''))];
  return targets.toSorted().map((target) => {
    const mine = (views: readonly ProxyView[]) =>
      total(open(views).filter(({ labels }) => labels['dst_service'] === target));
    return {
      source,
      target,
      protocol: 'tcp',
      requests: mine(now),
      rps: rate(mine(now) - mine(earlier), periodMs),
      success: null,
      retries: 0,
      p95_ms: null,
      mtls: false,
      ejected: [],
    };
  });
}

function ofService(views: readonly ProxyView[], service: string): ProxyView[] {
  return views.filter((view) => view.service === service);
}

function samplesOf(views: readonly ProxyView[], name: string): Sample[] {
  return views.flatMap(({ samples }) => samples.filter((sample) => sample.name === name));
}

function targetOf({ labels }: Sample): string {
  return labels['parent_name'] ?? '';
}

function total(samples: readonly Sample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0);
}

function rate(count: number, periodMs: number): number {
  return Math.max(0, Math.round((count / periodMs) * 10_000) / 10);
}

/** As Linkerd classifies: what is 5xx, or has no status at all; a caller that left is no failure. */
function isFailure({ labels }: Sample): boolean {
  const { http_status: status = '', error = '' } = labels;
  return status.startsWith('5') || (status === '' && error !== '' && error !== 'CANCEL');
}

function isMutual(views: readonly ProxyView[], target: string): boolean {
  const calls = samplesOf(views, 'request_total').filter(
    ({ labels }) =>
      labels['direction'] === 'outbound' && isVersionOf(labels['dst_service'] ?? '', target),
  );
  return calls.length > 0 && calls.every(({ labels }) => labels['tls'] === 'true');
}

/** During a rollout there is a Service for either version beside the one that callers name. */
function isVersionOf(service: string, target: string): boolean {
  return [target, `${target}-primary`, `${target}-canary`].includes(service);
}

function ejectedOf(views: readonly ProxyView[], target: string): string[] {
  const pods = views
    .flatMap(({ backends }) => backends)
    .filter(({ backend }) => isVersionOf(backend.split('.')[2]?.split(':')[0] ?? '', target))
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ breaker }) => breaker.kind === 'shut' || breaker.kind === 'probation')
    .map(({ labels }) => labels['dst_pod'] ?? '');
  return [...new Set(pods)].toSorted();
}

/** From cumulative buckets, as Prometheus' histogram_quantile: linear within a bucket. */
function quantileMs(buckets: readonly Sample[], quantile: number): number | null {
  const sums = new Map<number, number>();
  for (const { labels, value } of buckets) {
    const le = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
    sums.set(le, (sums.get(le) ?? 0) + value);
  }
  const steps = [...sums].toSorted(([a], [b]) => a - b);
  const all = steps.at(-1)?.[1] ?? 0;
  if (all === 0) return null;
  const wanted = quantile * all;
  let [below, from] = [0, 0];
  for (const [le, count] of steps) {
    if (count >= wanted) {
      // Beyond the last bound nothing is known but that bound.
      const part = le === Infinity ? 0 : (le - from) * ((wanted - below) / (count - below));
      return Math.round((from + part) * 1000);
    }
    below = count;
    from = le;
  }
  return null;
}
