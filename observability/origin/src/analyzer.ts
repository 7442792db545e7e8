import { Baselines } from './baselines.ts';
import type { Books } from './books.ts';
import { Demand } from './demand.ts';
import { EdgeBook } from './edges.ts';
import type { Component, Finding } from './finding.ts';
import { Incidents } from './incidents.ts';
import type {
  ChangeEvent,
  EdgeSample,
  Incident,
  IncidentUpdate,
  Place,
  QueueSample,
  SpanRecord,
  Topology,
} from './model.ts';
import { Pace } from './pace.ts';
import { QueueBook } from './queues.ts';
import { databaseOf, endOf, isFailed, peerOf, PROXY_SERVICE } from './reading.ts';
import { type Row, Rows } from './rows.ts';
import { Rush } from './rush.ts';
import { type Settings, SETTINGS } from './settings.ts';
import { findSuspects, type Suspect } from './suspects.ts';
import { topologyOf } from './topology.ts';
import { TraceBook, type TraceState } from './traces.ts';
import { ARRIVED_MS, Vitals } from './vitals.ts';
import { walk } from './walk.ts';

const FINDINGS_MAX = 4_000;
const TRACED_MAX = 1_000;
/** How far what comes may be from the analysis' own clock. */
const EARLY_MS_MAX = 2_000;
const LATE_MS_MAX = 60_000;
/** Spans are sent twice a second: who is later than this on average is short of time. */
const LAG_USUAL_MS = 700;
const LAG_MS_MAX = 5_000;

/** Wall clock; milliseconds since the epoch. */
export type Now = { now(): number };

/**
 * Names who broke first, from what comes in. Feed it with spans, samples and changes as they come,
 * and call `tick` a few times a second. Nothing is read, written or waited for; memory is bounded.
 */
export class OriginAnalyzer {
  readonly #clock: Now;
  readonly #settings: Settings;
  readonly #rows = new Rows();
  readonly #baselines: Baselines;
  readonly #traces: TraceBook;
  readonly #edges: EdgeBook;
  readonly #vitals = new Vitals();
  readonly #queues = new QueueBook();
  readonly #rush = new Rush();
  readonly #demand = new Demand();
  readonly #pace = new Pace();
  readonly #incidents = new Incidents();
  readonly #traced = new Set<string>();
  #edgeService = 'gateway';
  /** From the end of a span to its arrival, on average. */
  #lagMs = 0;
  #swept = 0;
  #firstMs = Infinity;
  #firstRootMs = Infinity;

  constructor(options: { clock: Now; settings?: Partial<Settings> }) {
    this.#clock = options.clock;
    this.#settings = { ...SETTINGS, ...options.settings };
    this.#baselines = new Baselines(this.#settings);
    this.#traces = new TraceBook(this.#settings, this.#baselines);
    this.#edges = new EdgeBook(this.#rows);
  }

  /** Takes in finished spans, in any order. */
  onSpans(batch: readonly SpanRecord[]): void {
    const nowMs = this.#clock.now();
    this.#firstMs = Math.min(this.#firstMs, nowMs);
    for (const span of batch) this.#onSpan(span, nowMs);
  }

  /** Takes in what sidecars counted. */
  onEdges(samples: readonly EdgeSample[]): void {
    const nowMs = this.#clock.now();
    if (samples[0]) this.#pace.note(samples[0]);
    for (const sample of samples) {
      if (!(Math.abs(nowMs - sample.atMs) < LATE_MS_MAX)) continue;
      this.#vitals.onSample(sample);
      // What a store did not answer it, it has not waited for since.
      if (sample.view === 'tcp' && this.#vitals.isDown(sample.source, sample.atMs)) continue;
      const cold = this.#isYoung(sample.source, sample.atMs);
      const fresh = this.#isFresh(sample);
      this.#edges.add(sample, { nowMs, cold, fresh });
      this.#demand.add(sample);
      if (sample.view !== 'inbound' || sample.source.service !== 'client') continue;
      this.#rush.count(sample);
    }
  }

  /** Takes in how far queues are behind. */
  onQueues(samples: readonly QueueSample[]): void {
    for (const sample of samples) this.#queues.add(sample);
  }

  /** Takes in what was done to the system. Not to be told of rehearsed faults. */
  onChange(event: ChangeEvent): void {
    this.#vitals.onChange(event);
  }

  /** Judges what has come in; says what has changed since the last time. */
  tick(): IncidentUpdate[] {
    const nowMs = this.#clock.now();
    this.#lookAtTraces(nowMs);
    const updates = this.#isLearning(nowMs) ? [] : this.#incidents.look(this.#books(nowMs));
    const { isOpen } = this.#incidents;
    this.#baselines.frozen = isOpen;
    this.#edges.frozen = isOpen;
    this.#queues.frozen = isOpen;
    if (nowMs - this.#swept > 1_000) {
      this.#swept = nowMs;
      const beforeMs = nowMs - this.#settings.windowMs - 3_000;
      this.#traces.forget(beforeMs);
      if (!isOpen) this.#rows.learn(beforeMs);
    }
    return updates;
  }

  /** The worst of what is broken now: the most certain, of those the one with most victims. */
  current(): Incident | undefined {
    const open = this.#incidents.all().filter(({ state }) => state === 'open');
    return open.toSorted((a, b) => b.shareHit - a.shareHit || b.confidence - a.confidence)[0];
  }

  /** What is broken and what was, newest last, bounded. */
  incidents(): Incident[] {
    return this.#incidents.all();
  }

  /** What speaks against anybody at this moment, named or not, the strongest first. */
  suspects(): Suspect[] {
    return findSuspects(this.#books(this.#clock.now()));
  }

  /** Who there is and who calls whom, with the roles they have in what is broken now. */
  topology(): Topology {
    return topologyOf({
      rows: this.#rows,
      edges: this.#edges,
      vitals: this.#vitals,
      queues: this.#queues,
      incidents: this.#incidents.all(),
      nowMs: this.#clock.now(),
    });
  }

  /** A system that starts fails and is slow in ways that mean nothing. */
  #isLearning(nowMs: number): boolean {
    const { learningMs, settlingMs } = this.#settings;
    const settledMs = Number.isFinite(this.#firstRootMs) ? this.#firstRootMs + settlingMs : 0;
    return nowMs < Math.max(this.#firstMs + learningMs, settledMs);
  }

  #onSpan(span: SpanRecord, nowMs: number): void {
    const lateMs = nowMs - endOf(span);
    // A clock that is off by more than this tells nothing of what happens now; nor does a NaN.
    if (!(lateMs > -EARLY_MS_MAX && lateMs < LATE_MS_MAX && span.durationMs >= 0)) return;
    const cold = this.#isYoung(span, span.startMs);
    if (!this.#traces.add(span, { nowMs, cold })) return;
    if (span.service === PROXY_SERVICE) return;
    const endMs = endOf(span);
    this.#lagMs += (Math.min(LAG_MS_MAX, Math.max(0, lateMs)) - this.#lagMs) * 0.005;
    if (span.kind === 'server') {
      if (this.#traced.size < TRACED_MAX) this.#traced.add(span.service);
      this.#vitals.onSpan(span);
      const component: Component = { kind: 'service', name: span.service };
      this.#total(this.#rows.row({ family: 'serves', component, ...place(span) }, nowMs), endMs);
      if (span.parentSpanId === undefined) this.#onRoot(span, nowMs);
      return;
    }
    const component = span.kind === 'client' ? this.#calleeOf(span) : undefined;
    if (!component) return;
    const caller = span.service;
    this.#total(this.#rows.row({ family: 'calls', component, caller }, nowMs), endMs);
  }

  #onRoot(span: SpanRecord, nowMs: number): void {
    this.#firstRootMs = Math.min(this.#firstRootMs, nowMs);
    this.#edgeService = span.service;
    const outcome = isFailed(span) ? 'failed' : this.#baselines.isSlow(span) ? 'slow' : 'fine';
    this.#rush.add(span.startMs, outcome);
    this.#incidents.count(span.name);
  }

  #calleeOf(span: SpanRecord): Component | undefined {
    const database = databaseOf(span);
    if (database !== undefined) {
      return { kind: 'store', name: this.#settings.storeNames[database] ?? database };
    }
    const peer = peerOf(span);
    if (peer === undefined) return undefined;
    return { kind: this.#traced.has(peer) ? 'service' : 'provider', name: peer };
  }

  #total(row: Row, atMs: number): void {
    row.hard.add(atMs, 0, 1);
    row.soft.add(atMs, 0, 1);
  }

  #lookAtTraces(nowMs: number): void {
    for (const trace of this.#traces.suspicious) {
      if (!trace.dirty && nowMs < trace.lookAgainMs) continue;
      trace.dirty = false;
      this.#lookAt(trace, nowMs);
    }
  }

  #lookAt(trace: TraceState, nowMs: number): void {
    const { findings, waitUntilMs } = walk(trace, {
      baselines: this.#baselines,
      settings: this.#settings,
      nowMs,
      isTraced: (service) => this.#traced.has(service),
    });
    trace.lookAgainMs = waitUntilMs;
    for (const old of trace.findings) this.#count(old, -1, nowMs);
    trace.findings = findings
      .filter((one) => !this.#isWarmingUp(one))
      .map((one) => this.#asTried(one));
    for (const one of trace.findings) this.#count(one, 1, nowMs);
  }

  /** What has just started may be slow for a while. */
  #isWarmingUp({ symptom, callee, atMs }: Finding): boolean {
    if (symptom !== 'latency') return false;
    return callee !== undefined && this.#isYoung(callee, atMs);
  }

  /**
   * What a store does not answer to a version on trial was asked wrongly. If it is the store, others
   * tell of that.
   */
  #asTried(one: Finding): Finding {
    const { where, symptom, caller, atMs, ...rest } = one;
    if (where !== 'leaf' || symptom !== 'errors' || !caller) return one;
    if (!this.#vitals.isOnTrial(caller, atMs)) return one;
    const component: Component = { kind: 'service', name: caller.service };
    return { ...rest, component, where: 'own', symptom, callee: caller, atMs };
  }

  /** Whether the callee has started only now. A version that has just come has to prove itself at once. */
  #isFresh({ target: { name: service, instance, version }, atMs }: EdgeSample): boolean {
    if (instance === undefined) return false;
    const isNew = this.#vitals.arrivalOf(service, version, { atMs, withinMs: ARRIVED_MS });
    return (
      !isNew &&
      this.#vitals.isYoung({ service, instance }, { atMs, youngMs: this.#settings.freshMs })
    );
  }

  #isYoung(who: Place, atMs: number): boolean {
    return this.#vitals.isYoung(who, { atMs, youngMs: this.#settings.warmUpMs });
  }

  #count(finding: Finding, sign: 1 | -1, nowMs: number): void {
    const { component, caller, callee, symptom, atMs } = finding;
    const severity = symptom === 'errors' || symptom === 'silence' ? 'hard' : 'soft';
    if (caller) {
      const row = this.#rows.row({ family: 'calls', component, caller: caller.service }, nowMs);
      row[severity].add(atMs, sign, 0);
    }
    if (callee && component.kind === 'service') {
      const row = this.#rows.row({ family: 'serves', component, ...place(callee) }, nowMs);
      row[severity].add(atMs, sign, 0);
    }
  }

  #books(nowMs: number): Books {
    const fromMs = nowMs - this.#settings.windowMs;
    const findings: Finding[] = [];
    for (const trace of this.#traces.suspicious) {
      for (const one of trace.findings) if (one.atMs >= fromMs) findings.push(one);
      if (findings.length >= FINDINGS_MAX) break;
    }
    return {
      settings: this.#settings,
      rows: this.#rows,
      edges: this.#edges,
      vitals: this.#vitals,
      queues: this.#queues,
      rush: this.#rush,
      demand: this.#demand,
      findings,
      edgeService: this.#edgeService,
      overMs: this.#incidents.endings(),
      strain: Math.max(0, this.#lagMs / LAG_USUAL_MS - 1),
      hurried: this.#pace.hurried,
      nowMs,
    };
  }
}

function place({ instance, version }: Place): Pick<Row, 'instance' | 'version'> {
  return { ...(instance !== undefined && { instance }), ...(version !== undefined && { version }) };
}
