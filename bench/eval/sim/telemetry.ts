import type {
  ChangeEvent,
  EdgeSample,
  LatencyHistogram,
  Place,
  QueueSample,
  SpanRecord,
  Target,
} from '@faultline/origin/model';
import type { RecordedLine } from '@faultline/origin/recording';
import type { Kernel } from './kernel.ts';
import type { Instance, Stream } from './types.ts';

const BOUNDS_MS = [
  1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10_000,
  20_000, 30_000, 40_000, 50_000,
];

/** Linkerd's buckets of a route. */
const ROUTE_BOUNDS_MS = [50, 500, 1_000, 10_000];

export type TelemetrySettings = {
  readonly epochMs: number;
  readonly spanLoss: number;
  readonly skewMs: number;
  readonly scrapeMs: number;
  readonly scrapeLoss: number;
  readonly proxySpans: boolean;
  /** Whether the engine tells of instances that come and go. */
  readonly instanceEvents: boolean;
};

type Counts = {
  readonly view: EdgeSample['view'];
  readonly source: Place;
  readonly target: Target;
  requests: number;
  responses: number;
  failures: Record<string, number>;
  retries: number;
  retrySuccesses: number;
  latency: number[];
  sumMs: number;
  opened: number;
  closed: number;
  read: number;
  written: number;
  ready?: number;
  pending?: number;
};

/** What the instances of a run tell, as late and as lossy as they really do. */
export class Telemetry {
  readonly lines: RecordedLine[] = [];
  readonly settings: TelemetrySettings;
  readonly #kernel: Kernel;
  readonly #spans = new Map<string, SpanRecord[]>();
  readonly #skew = new Map<string, number>();
  readonly #counts = new Map<string, Map<string, Counts>>();
  readonly #scrapedMs = new Map<string, number>();

  constructor(kernel: Kernel, settings: TelemetrySettings) {
    this.#kernel = kernel;
    this.settings = settings;
  }

  get epochMs(): number {
    return this.settings.epochMs;
  }

  /** Begins to export and to be scraped. */
  join(instance: Instance): void {
    const kernel = this.#kernel;
    this.#skew.set(instance.name, kernel.normal() * this.settings.skewMs);
    const flush = (): void => {
      if (instance.state !== 'gone') kernel.after(kernel.between(480, 540), flush);
      this.#flush(instance);
    };
    kernel.after(kernel.between(0, 500), flush);
    const scrape = (): void => {
      if (instance.state === 'gone') return;
      kernel.after(this.settings.scrapeMs + kernel.between(-40, 60), scrape);
      if (instance.sidecarAlive && kernel.random() >= this.settings.scrapeLoss) {
        this.#scrape(instance);
      }
    };
    kernel.after(kernel.between(0, this.settings.scrapeMs), scrape);
  }

  span(instance: Instance, span: Omit<SpanRecord, 'service' | 'version' | 'instance'>): void {
    if (instance.state === 'dead' || instance.state === 'gone') return;
    if (this.#kernel.random() < this.settings.spanLoss) return;
    const buffer = this.#spans.get(instance.name) ?? [];
    this.#spans.set(instance.name, buffer);
    if (buffer.length >= 4_096) return;
    const { service, version, name } = instance;
    const startMs = this.epochMs + span.startMs + (this.#skew.get(name) ?? 0);
    buffer.push({ ...span, startMs, service, version, instance: name });
  }

  /** A sidecar's spans come ten seconds late. */
  proxySpan(span: SpanRecord): void {
    if (!this.settings.proxySpans) return;
    this.#kernel.after(this.#kernel.between(200, 10_000), () => this.#line({ spans: [span] }));
  }

  /** The process is killed: what it had not sent is lost. */
  lose(instance: Instance): void {
    this.#spans.delete(instance.name);
    if (!instance.sidecarAlive) this.#counts.delete(instance.name);
  }

  change(event: ChangeEvent, lateMs: number): void {
    if (event.kind === 'instance' && !this.settings.instanceEvents) return;
    const atMs = this.epochMs + event.atMs;
    this.#kernel.after(lateMs, () => this.#line({ change: { ...event, atMs } }));
  }

  queue(stream: Stream, instance: string): void {
    const sample: QueueSample = {
      atMs: this.epochMs + this.#kernel.nowMs,
      service: stream.service,
      instance,
      queue: stream.name,
      group: stream.group,
      lag: stream.entries.length,
      pending: stream.pending,
      handled: stream.handled,
    };
    stream.handled = 0;
    this.#kernel.after(this.#kernel.between(5, 60), () => this.#line({ queues: [sample] }));
  }

  /** The counters of one series of one sidecar; they go with it. */
  counts(owner: Instance, series: Pick<Counts, 'view' | 'source' | 'target'>): Counts {
    const own = this.#counts.get(owner.name) ?? new Map<string, Counts>();
    this.#counts.set(owner.name, own);
    const { source, target } = series;
    const key = `${series.view} ${source.service} ${target.name} ${target.instance ?? ''}`;
    let counts = own.get(key);
    if (!counts) {
      counts = { ...series, ...zero(series.view) };
      own.set(key, counts);
    }
    return counts;
  }

  #flush(instance: Instance): void {
    const spans = this.#spans.get(instance.name);
    if (!spans || spans.length === 0) return;
    this.#spans.delete(instance.name);
    this.#kernel.after(this.#kernel.between(3, 40), () => this.#line({ spans }));
  }

  #scrape(instance: Instance): void {
    const { nowMs } = this.#kernel;
    const periodMs = nowMs - (this.#scrapedMs.get(instance.name) ?? nowMs - this.settings.scrapeMs);
    this.#scrapedMs.set(instance.name, nowMs);
    const edges: EdgeSample[] = [];
    for (const counts of this.#counts.get(instance.name)?.values() ?? []) {
      edges.push(toSample(counts, this.epochMs + nowMs, periodMs));
      Object.assign(counts, zero(counts.view));
    }
    if (edges.length > 0) {
      this.#kernel.after(this.#kernel.between(5, 80), () => this.#line({ edges }));
    }
  }

  #line(line: Omit<RecordedLine, 'atMs'>): void {
    this.lines.push({ atMs: round(this.epochMs + this.#kernel.nowMs), ...line });
  }
}

function boundsOf(view: EdgeSample['view']): readonly number[] {
  return view === 'route' ? ROUTE_BOUNDS_MS : BOUNDS_MS;
}

function zero(view: EdgeSample['view']) {
  return {
    requests: 0,
    responses: 0,
    failures: {},
    retries: 0,
    retrySuccesses: 0,
    latency: boundsOf(view)
      .map(() => 0)
      .concat(0),
    sumMs: 0,
    opened: 0,
    closed: 0,
    read: 0,
    written: 0,
  };
}

/** Notes how long something took. */
export function observe(counts: Counts, ms: number): void {
  const bounds = boundsOf(counts.view);
  let at = bounds.findIndex((bound) => ms <= bound);
  if (at < 0) at = bounds.length;
  counts.latency[at] = (counts.latency[at] ?? 0) + 1;
  counts.sumMs += ms;
}

function toSample(counts: Counts, atMs: number, periodMs: number): EdgeSample {
  const latency: LatencyHistogram = {
    boundsMs: boundsOf(counts.view),
    counts: counts.latency,
    sumMs: round(counts.sumMs),
    count: counts.latency.reduce((sum, one) => sum + one, 0),
  };
  return {
    atMs: round(atMs),
    periodMs: round(periodMs),
    view: counts.view,
    source: counts.source,
    target: counts.target,
    requests: counts.requests,
    responses: counts.responses,
    failures: counts.failures,
    retries: counts.retries,
    retrySuccesses: counts.retrySuccesses,
    ...(latency.count > 0 && { latency }),
    ...(counts.ready !== undefined && { endpointsReady: counts.ready }),
    ...(counts.pending !== undefined && { endpointsPending: counts.pending }),
    connectionsOpened: counts.opened,
    connectionsClosed: counts.closed,
    bytesRead: Math.round(counts.read),
    bytesWritten: Math.round(counts.written),
  };
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
