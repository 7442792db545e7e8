import type { Clock } from '@faultline/chassis/clock';
import { OriginAnalyzer } from '@faultline/origin/analyzer';
import type { ChangeEvent, Incident, IncidentUpdate } from '@faultline/origin/model';
import type { RecordedLine } from '@faultline/origin/recording';
import type { SpanSink } from '../sink.ts';
import { Details, type Frame } from './frame.ts';
import { History, HISTORY_EVERY_MS } from './history.ts';
import { type Pulse, Pulses } from './pulses.ts';
import { Scraper } from './scraper.ts';
import type { TargetSource } from './targets.ts';

/** How often calls are told of. With what a service holds back, all of a second is used up. */
const BEAT_MS = 100;
const BEATS_A_LOOK = 2;
const BEATS_A_FRAME = 3;
const SCRAPE_MS = 500;
/** Linkerd's sidecars tell so much, all over the cluster, that half as often has to do. */
const SCRAPE_LINKERD_MS = 1_000;
/** Services tell of queues and of processor time only, for which a second is soon enough. */
const SCRAPE_APPS_MS = 1_000;
const CHANGES_KEPT = 500;

/** What is told to those who listen. */
export type WatchEvent =
  | { readonly type: 'incident'; readonly update: IncidentUpdate }
  | { readonly type: 'change'; readonly change: ChangeEvent }
  | { readonly type: 'topology'; readonly topology: Frame }
  | { readonly type: 'pulse'; readonly pulses: readonly Pulse[] };

export type WatcherOptions = {
  clock: Clock;
  /** Where the instances' metrics are; undefined goes by spans alone. */
  targets: TargetSource | undefined;
  /** Whether the sidecars are Linkerd's own (default no), which never tell of some calls' ends. */
  isLinkerd?: boolean;
  edgeService: string;
};

/** Feeds the analysis of who broke first, and tells what it says. */
export class Watcher {
  readonly sink: SpanSink;
  /** How the system was in the last half hour. */
  readonly history = new History();
  readonly #options: WatcherOptions;
  readonly #analyzer: OriginAnalyzer;
  readonly #details = new Details();
  readonly #pulses: Pulses;
  readonly #listeners = new Set<(event: WatchEvent) => void>();
  readonly #recorders = new Set<(line: RecordedLine) => void>();
  readonly #stopping = new AbortController();
  #changes: ChangeEvent[] = [];
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#analyzer = new OriginAnalyzer({ clock: options.clock });
    this.#pulses = new Pulses(options.edgeService);
    this.sink = (spans) => this.take({ spans });
  }

  /** `ownUrl` is where this program tells its own metrics, if it does. */
  start(ownUrl?: string): void {
    this.#running = Promise.all([this.#judge(), this.#scrape(ownUrl)]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  current(): Incident | undefined {
    return this.#analyzer.current();
  }

  incidents(): Incident[] {
    return this.#analyzer.incidents();
  }

  topology(): Frame {
    return this.#details.frame(this.#analyzer.topology());
  }

  /** What was done to the system of late, oldest first. */
  changes(): readonly ChangeEvent[] {
    return this.#changes;
  }

  noteChange(change: ChangeEvent): void {
    this.#changes = [...this.#changes.slice(1 - CHANGES_KEPT), change];
    this.take({ change });
    this.#tell({ type: 'change', change });
  }

  /** Tells `listener` what happens from now on; the answer ends that. */
  listen(listener: (event: WatchEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hands on what the analysis is told from now on, as it comes; the answer ends that. */
  record(recorder: (line: RecordedLine) => void): () => void {
    this.#recorders.add(recorder);
    return () => this.#recorders.delete(recorder);
  }

  /** Takes in what somebody saw, now. */
  take(told: Omit<RecordedLine, 'atMs'>): void {
    const { spans, edges, queues, change } = told;
    if (spans) {
      this.#analyzer.onSpans(spans);
      this.#pulses.add(spans);
    }
    if (edges) {
      this.#analyzer.onEdges(edges);
      this.#details.addEdges(edges);
    }
    if (queues) {
      this.#analyzer.onQueues(queues);
      this.#details.addQueues(queues);
    }
    if (change) {
      this.#analyzer.onChange(change);
      this.#details.addChange(change);
    }
    if (this.#recorders.size === 0) return;
    const line = { atMs: this.#options.clock.now(), ...told };
    for (const recorder of this.#recorders) recorder(line);
  }

  async #judge(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    let keptMs = 0;
    for (let beat = 0; !signal.aborted; beat++) {
      if (beat % BEATS_A_LOOK === 0) {
        for (const update of this.#analyzer.tick()) this.#tell({ type: 'incident', update });
      }
      this.#beat();
      const nowMs = clock.monotonic();
      const isKept = nowMs - keptMs >= HISTORY_EVERY_MS;
      if (isKept || (this.#listeners.size > 0 && beat % BEATS_A_FRAME === 0)) {
        const topology = this.topology();
        this.#tell({ type: 'topology', topology });
        if (isKept) {
          keptMs = nowMs;
          this.history.add(topology);
        }
      }
      await clock.sleep(BEAT_MS, signal);
    }
  }

  /** Tells of the calls that ended since the last beat. */
  #beat(): void {
    const hops = this.#pulses.take();
    if (hops.length === 0) return;
    this.#details.addHops(hops, this.#options.clock.now());
    const pulses = hops.map(({ from, to, count, failed }) => ({ from, to, count, failed }));
    this.#tell({ type: 'pulse', pulses });
  }

  async #scrape(ownUrl: string | undefined): Promise<void> {
    const { clock, targets, edgeService, isLinkerd = false } = this.#options;
    if (targets === undefined) return;
    const scraper = new Scraper({
      targets,
      edgeService,
      isLinkerd,
      ownUrl,
      clock,
      onEdges: (edges) => this.take({ edges }),
      onQueues: (queues) => this.take({ queues }),
      onTargets: (all) => {
        // The local engine tells of each by itself, and sooner.
        if (isLinkerd) this.#details.setPresent(new Set(all.map(({ instance }) => instance)));
      },
      onScrape: (...scraped) => this.#details.addScrape(...scraped),
    });
    const { signal } = this.#stopping;
    const everyMs = isLinkerd ? SCRAPE_LINKERD_MS : SCRAPE_MS;
    for (let looks = 0; !signal.aborted; looks++) {
      const isWhole = looks % (SCRAPE_APPS_MS / everyMs) === 0;
      // Not waited for: who is slow to answer must not keep the others from being looked at.
      void scraper.look({ kinds: isWhole ? ['sidecar', 'app'] : ['sidecar'] });
      await clock.sleep(everyMs, signal);
    }
    scraper.stop();
  }

  #tell(event: WatchEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
