import type { ChangeEvent, EdgeSample, Place, SpanRecord } from './model.ts';

const CHANGES_MAX = 500;
const INSTANCES_MAX = 2_000;
const PLANNED_MS = 45_000;
const ALIVE_MS = 500;
/** Who is started again at once has died all the same. */
const DEATH_NEWS_MS = 3_000;
const BESIDE_MS = 3_000;
/** Who has been started again so lately has not asked for anything yet. */
const BACK_MS = 1_000;
/** Versions that have just come break far more often than what has been there. */
export const ARRIVED_MS = 60_000;

export type Vital = {
  readonly service: string;
  readonly instance: string;
  version: string | undefined;
  firstMs: number;
  /** When its sidecar was last heard of; 0 for never. */
  sampledMs: number;
  samples: number;
  /** When its newest span came to its end; 0 for none. */
  spanMs: number;
  startedMs: number;
  stopping: boolean;
  diedMs: number | undefined;
  /** Whether it has been started since. */
  isBack: boolean;
};

export type Death = { readonly vital: Vital; readonly atMs: number; readonly told: boolean };

/** Which instances there are, since when, and which have gone without being asked to. */
export class Vitals {
  readonly changes: ChangeEvent[] = [];
  readonly #vitals = new Map<string, Vital>();
  readonly #latestSample = new Map<string, number>();

  onChange(event: ChangeEvent): void {
    this.changes.push(event);
    if (this.changes.length > CHANGES_MAX) this.changes.shift();
    const { kind, instance, state, atMs } = event;
    if (kind !== 'instance' || instance === undefined) return;
    const vital = this.#of(event.service, instance, atMs);
    vital.version = event.version ?? vital.version;
    if (state === 'started' || state === 'ready') {
      vital.startedMs = atMs;
      vital.stopping = false;
      vital.isBack = true;
    } else if (state === 'stopping' || state === 'stopped') vital.stopping = true;
    else if (state === 'crashed' && !vital.stopping) {
      vital.diedMs = atMs;
      vital.isBack = false;
    }
  }

  onSample(sample: EdgeSample): void {
    const by = sample.view === 'inbound' ? sample.target : sample.source;
    const service = 'service' in by ? by.service : by.name;
    this.#latestSample.set(service, Math.max(sample.atMs, this.#latestSample.get(service) ?? 0));
    if (by.instance === undefined) return;
    const vital = this.#of(service, by.instance, sample.atMs);
    vital.version = by.version ?? vital.version;
    if (vital.sampledMs > 0 && sample.atMs - vital.sampledMs > 8_000) vital.startedMs = sample.atMs;
    vital.sampledMs = Math.max(vital.sampledMs, sample.atMs);
    vital.samples++;
  }

  onSpan({ service, instance, version, startMs, durationMs }: SpanRecord): void {
    if (instance === undefined) return;
    const vital =
      this.#vitals.get(`${service} ${instance}`) ?? this.#of(service, instance, startMs);
    vital.version ??= version;
    vital.spanMs = Math.max(vital.spanMs, startMs + durationMs);
  }

  /** When the service's sidecars were last heard of. */
  heardMs(service: string): number {
    return this.#latestSample.get(service) ?? 0;
  }

  /** Whether the instance had started less than `youngMs` before `atMs`. */
  isYoung(
    { service, instance }: Place,
    { atMs, youngMs }: { atMs: number; youngMs: number },
  ): boolean {
    if (instance === undefined) return false;
    const vital = this.#vitals.get(`${service} ${instance}`);
    return vital !== undefined && atMs - vital.startedMs < youngMs;
  }

  /** Whether the instance has crashed and is not back, or has only just come back. */
  isDown({ service, instance }: Place, atMs: number): boolean {
    const vital = this.#vitals.get(`${service} ${instance}`);
    if (vital?.diedMs === undefined) return false;
    return !vital.isBack || atMs - vital.startedMs < BACK_MS;
  }

  of(service: string): Vital[] {
    return [...this.#vitals.values()].filter((vital) => vital.service === service);
  }

  all(): Iterable<Vital> {
    return this.#vitals.values();
  }

  /** Whether instances of the service come and go because somebody wants them to. */
  isPlanned(service: string, atMs: number): boolean {
    return this.changes.some(
      (change) =>
        change.service === service &&
        change.kind !== 'instance' &&
        change.kind !== 'config' &&
        change.kind !== 'weight' &&
        Math.abs(atMs - change.atMs) < PLANNED_MS,
    );
  }

  /** Instances that have gone without being asked to, as told or as their silence shows. */
  deaths(service: string, sinceMs: number, nowMs: number): Death[] {
    return this.of(service).flatMap((vital): Death[] => {
      const { diedMs, isBack } = vital;
      const leastMs = isBack ? Math.max(sinceMs, nowMs - DEATH_NEWS_MS) : sinceMs;
      if (diedMs !== undefined && diedMs >= leastMs) return [{ vital, atMs: diedMs, told: true }];
      const silentMs = nowMs - vital.sampledMs;
      const isSilent = vital.samples > 6 && silentMs > 3_200 && vital.sampledMs >= sinceMs;
      // Who still tells of requests is alive, though his counters cannot be had.
      if (vital.spanMs > vital.sampledMs + ALIVE_MS) return [];
      if (!isSilent || vital.stopping || this.isPlanned(service, nowMs)) return [];
      // A system that is not watched at all is not a system that is dead.
      const othersHeard = [...this.#latestSample.values()].some(
        (atMs) => atMs > vital.sampledMs + 2_000,
      );
      return othersHeard ? [{ vital, atMs: vital.sampledMs, told: false }] : [];
    });
  }

  /** The change that brought a version, no longer than `withinMs` before `atMs`. */
  arrivalOf(
    service: string,
    version: string | undefined,
    { atMs, withinMs }: { atMs: number; withinMs: number },
  ): ChangeEvent | undefined {
    return this.changes.findLast(
      (change) =>
        change.service === service &&
        (change.kind === 'deploy' || change.kind === 'weight' || change.kind === 'promote') &&
        (version === undefined || change.version === version) &&
        change.atMs <= atMs + 1_500 &&
        change.atMs >= atMs - withinMs,
    );
  }

  /** Whether a version has been taken back since `sinceMs`. Who takes back need not say which it was. */
  isTakenBack(service: string, version: string | undefined, sinceMs: number): boolean {
    return this.changes.some(
      (change) =>
        change.service === service &&
        change.kind === 'rollback' &&
        (change.version ?? version) === version &&
        change.atMs >= sinceMs,
    );
  }

  /** Whether its version came shortly before `atMs`, and the one before it still serves beside it. */
  isOnTrial({ service, version }: Place, atMs: number): boolean {
    if (version === undefined) return false;
    if (!this.arrivalOf(service, version, { atMs, withinMs: ARRIVED_MS })) return false;
    return this.of(service).some(
      (vital) => vital.version !== version && !vital.stopping && vital.sampledMs > atMs - BESIDE_MS,
    );
  }

  #of(service: string, instance: string, atMs: number): Vital {
    const key = `${service} ${instance}`;
    let vital = this.#vitals.get(key);
    if (!vital) {
      if (this.#vitals.size >= INSTANCES_MAX) {
        const [oldest] = this.#vitals.keys();
        if (oldest !== undefined) this.#vitals.delete(oldest);
      }
      vital = {
        service,
        instance,
        version: undefined,
        firstMs: atMs,
        sampledMs: 0,
        samples: 0,
        spanMs: 0,
        startedMs: atMs,
        stopping: false,
        diedMs: undefined,
        isBack: false,
      };
      this.#vitals.set(key, vital);
    }
    return vital;
  }
}
