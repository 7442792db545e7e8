import { serviceOf } from './service-names.ts';
import type { Cause, EdgeSample, LatencyHistogram, Place, Target } from './model.ts';

/** A sample of Prometheus' text format, parsed. */
export type MetricSample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Name and labels as they were written, where the sample was read from text. */
  readonly series?: string;
};

export type Scrape = { readonly atMs: number; readonly samples: readonly MetricSample[] };

/** Whose sidecar was scraped. `isEdge`: people call it, and they prove no identity. */
export type Sidecar = {
  readonly service: string;
  readonly version?: string;
  readonly instance: string;
  readonly isEdge: boolean;
};

const ROUTE = 'outbound_http_route_';
const BACKEND = `${ROUTE}backend_`;
/** Attempts that were sent to a backend, as they are sent. */
const SENT = `${BACKEND}requests_total`;
const ENDPOINTS = 'outbound_http_balancer_endpoints';

/** The `error` of policy-era series; what is not here is a broken connection. */
const ROUTE_CAUSES: Readonly<Record<string, Cause>> = {
  FAIL_FAST: 'failfast',
  LOAD_SHED: 'shed',
  REQUEST_TIMEOUT: 'timeout',
  RESPONSE_HEADERS_TIMEOUT: 'timeout',
  RESPONSE_STREAM_TIMEOUT: 'timeout',
  IDLE_TIMEOUT: 'timeout',
  CANCEL: 'cancelled',
  REFUSED: 'connect',
  IO: 'connect',
};
/** The `error` of the older series. */
const EXCHANGE_CAUSES: Readonly<Record<string, Cause>> = {
  failfast: 'failfast',
  loadshed: 'shed',
  'response timeout': 'timeout',
  'connect timeout': 'connect',
  cancelled: 'cancelled',
};

type Draft = {
  readonly view: EdgeSample['view'];
  readonly source: Place;
  readonly target: Target;
  requests: number;
  responses: number;
  readonly failures: { [C in Cause]?: number };
  retries: number;
  retrySuccesses: number;
  /** Cumulated counts by bound in ms. */
  readonly buckets: Map<number, number>;
  sumMs: number;
  ready: number | undefined;
  pending: number | undefined;
  opened: number;
  closed: number;
  read: number;
  written: number;
};

/**
 * What a sidecar counted between two scrapes, by the names of Linkerd's proxy. A counter that is
 * lower than before has begun again; a series that is new began at 0.
 */
export function edgeSamples(before: Scrape, after: Scrape, sidecar: Sidecar): EdgeSample[] {
  const drafts = new Drafts(sidecar, unmeshedPeers(after.samples));
  const earlier = new Map(before.samples.map((sample) => [keyOf(sample), sample.value]));
  for (const sample of after.samples) {
    const was = earlier.get(keyOf(sample)) ?? 0;
    const grown = sample.value >= was ? sample.value - was : sample.value;
    drafts.take(sample, grown);
  }
  const period = { atMs: after.atMs, periodMs: after.atMs - before.atMs };
  return drafts.all().map((draft) => toSample(draft, period));
}

function keyOf({ name, labels, series }: MetricSample): string {
  if (series !== undefined) return series;
  let key = name;
  for (const value of Object.values(labels)) key += `|${value}`;
  return key;
}

/** Services that are called without an identity: they have no sidecar, as a provider has none. */
function unmeshedPeers(samples: readonly MetricSample[]): Set<string> {
  const plain = new Set<string>();
  const meshed = new Set<string>();
  for (const { name, labels } of samples) {
    const peer = serviceOf(labels['dst_service'] ?? '');
    if (name !== 'request_total' || labels['direction'] !== 'outbound' || !peer) continue;
    (labels['tls'] === 'true' ? meshed : plain).add(peer);
  }
  return new Set([...plain].filter((peer) => !meshed.has(peer)));
}

class Drafts {
  readonly #sidecar: Sidecar;
  readonly #own: Place;
  readonly #unmeshed: ReadonlySet<string>;
  readonly #drafts = new Map<string, Draft>();

  constructor(sidecar: Sidecar, unmeshed: ReadonlySet<string>) {
    const { service, version, instance } = sidecar;
    this.#sidecar = sidecar;
    this.#own = { service, ...(version !== undefined && { version }), instance };
    this.#unmeshed = unmeshed;
  }

  all(): Draft[] {
    return [...this.#drafts.values()];
  }

  take(sample: MetricSample, grown: number): void {
    const { name, labels } = sample;
    if (name.startsWith(ROUTE) || name === ENDPOINTS) this.#route(sample, grown);
    else if (name.startsWith('tcp_')) this.#tcp(name, labels, grown);
    else if (name.startsWith('request_') || name.startsWith('response_')) {
      const draft =
        labels['direction'] === 'inbound' ? this.#inbound(labels) : this.#endpoint(labels);
      if (draft) exchange(draft, sample, grown);
    }
  }

  #route({ name, labels, value }: MetricSample, grown: number): void {
    const service = serviceOf(labels['parent_name'] ?? '');
    // Backends of a route are told apart by endpoint; of their series only what was sent is of use.
    if (service === '' || (name.startsWith(BACKEND) && name !== SENT)) return;
    const draft = this.#draft('route', this.#own, this.#peer(service));
    switch (name) {
      case `${ROUTE}request_statuses_total`:
        ended(draft, labels, grown);
        break;
      case SENT:
        draft.requests += grown;
        break;
      case `${ROUTE}retry_requests_total`:
        draft.retries += grown;
        // Attempts were sent, and what is counted is requests.
        draft.requests -= grown;
        break;
      case `${ROUTE}retry_successes_total`:
        draft.retrySuccesses += grown;
        break;
      case `${ROUTE}request_duration_seconds_bucket`:
        bucket(draft, Number(labels['le']) * 1_000, grown);
        break;
      case `${ROUTE}request_duration_seconds_sum`:
        draft.sumMs += grown * 1_000;
        break;
      case ENDPOINTS:
        if (labels['endpoint_state'] === 'ready') draft.ready = (draft.ready ?? 0) + value;
        else draft.pending = (draft.pending ?? 0) + value;
    }
  }

  #endpoint(labels: MetricSample['labels']): Draft | undefined {
    const service = serviceOf(labels['dst_service'] ?? '');
    if (service === '') return undefined;
    const peer = this.#peer(service);
    const { dst_pod: instance, dst_version: version } = labels;
    const target: Target = {
      ...peer,
      ...(peer.kind === 'service' && version !== undefined && { version }),
      ...(peer.kind === 'service' && instance !== undefined && { instance }),
    };
    return this.#draft('endpoint', this.#own, target);
  }

  /** Who has no identity is a probe, except at the edge. */
  #inbound(labels: MetricSample['labels']): Draft | undefined {
    const client = labels['client_id']?.split('.')[0];
    if (!client && !this.#sidecar.isEdge) return undefined;
    const { service: name, version, instance } = this.#sidecar;
    return this.#draft(
      'inbound',
      { service: client ?? 'client' },
      { kind: 'service', name, ...(version !== undefined && { version }), instance },
    );
  }

  #tcp(name: string, labels: MetricSample['labels'], grown: number): void {
    const store = labels['dst_service'];
    const isStore = labels['peer'] === 'dst' && labels['direction'] === 'outbound';
    if (!store || !isStore || labels['authority'] !== undefined) return;
    const draft = this.#draft('tcp', this.#own, { kind: 'store', name: store });
    if (name === 'tcp_open_total') draft.opened += grown;
    else if (name === 'tcp_close_total') draft.closed += grown;
    else if (name === 'tcp_read_bytes_total') draft.read += grown;
    else if (name === 'tcp_write_bytes_total') draft.written += grown;
  }

  #peer(name: string): Target {
    return { kind: this.#unmeshed.has(name) ? 'provider' : 'service', name };
  }

  #draft(view: EdgeSample['view'], source: Place, target: Target): Draft {
    const key = `${view} ${source.service} ${target.name} ${target.instance ?? ''}`;
    let draft = this.#drafts.get(key);
    if (!draft) {
      draft = {
        view,
        source,
        target,
        requests: 0,
        responses: 0,
        failures: {},
        retries: 0,
        retrySuccesses: 0,
        buckets: new Map(),
        sumMs: 0,
        ready: undefined,
        pending: undefined,
        opened: 0,
        closed: 0,
        read: 0,
        written: 0,
      };
      this.#drafts.set(key, draft);
    }
    return draft;
  }
}

/** Linkerd counts a request of a route when it has ended, and its attempts when they are sent. */
function ended(draft: Draft, labels: MetricSample['labels'], grown: number): void {
  draft.responses += grown;
  const error = labels['error'] ?? '';
  if (error !== '') fail(draft, ROUTE_CAUSES[error] ?? 'reset', grown);
  else if (Number(labels['http_status']) >= 500) fail(draft, 'status', grown);
}

function exchange(draft: Draft, { name, labels }: MetricSample, grown: number): void {
  switch (name) {
    case 'request_total':
      draft.requests += grown;
      break;
    case 'response_total': {
      draft.responses += grown;
      const error = labels['error'] ?? '';
      if (error !== '') fail(draft, EXCHANGE_CAUSES[error] ?? 'reset', grown);
      else if (labels['classification'] === 'failure') fail(draft, 'status', grown);
      break;
    }
    case 'response_latency_ms_bucket':
      bucket(draft, Number(labels['le']), grown);
      break;
    case 'response_latency_ms_sum':
      draft.sumMs += grown;
  }
}

function fail({ failures }: Draft, cause: Cause, count: number): void {
  if (count > 0) failures[cause] = (failures[cause] ?? 0) + count;
}

function bucket({ buckets }: Draft, boundMs: number, grown: number): void {
  const bound = Number.isFinite(boundMs) ? boundMs : Infinity;
  buckets.set(bound, (buckets.get(bound) ?? 0) + grown);
}

function toSample(draft: Draft, period: { atMs: number; periodMs: number }): EdgeSample {
  const { ready, pending, opened, closed, read, written, buckets, sumMs, ...rest } = draft;
  const latency = histogram(buckets, sumMs);
  return {
    ...period,
    ...rest,
    requests: Math.max(0, rest.requests),
    ...(latency && { latency }),
    ...(ready !== undefined && { endpointsReady: ready }),
    ...(pending !== undefined && { endpointsPending: pending }),
    connectionsOpened: opened,
    connectionsClosed: closed,
    bytesRead: read,
    bytesWritten: written,
  };
}

/** Single counts from Prometheus' cumulated ones. */
function histogram(
  buckets: ReadonlyMap<number, number>,
  sumMs: number,
): LatencyHistogram | undefined {
  const bounds = [...buckets.keys()].toSorted((a, b) => a - b);
  const cumulated = bounds.map((bound) => buckets.get(bound) ?? 0);
  const count = cumulated.at(-1) ?? 0;
  if (count === 0) return undefined;
  const counts = cumulated.map((below, at) => Math.max(0, below - (cumulated[at - 1] ?? 0)));
  return { boundsMs: bounds.filter(Number.isFinite), counts, sumMs, count };
}
