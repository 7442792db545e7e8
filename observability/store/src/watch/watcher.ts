import type { Clock } from '@faultline/chassis/clock';
import { OriginAnalyzer } from '@faultline/origin/analyzer';
import type { ChangeEvent, Incident, IncidentUpdate, Topology } from '@faultline/origin/model';
import type { SpanSink } from '../sink.ts';
import { Scraper } from './scraper.ts';

const TICK_MS = 200;
const SCRAPE_MS = 1_000;
const CHANGES_KEPT = 500;

/** What is told to those who listen. */
export type WatchEvent =
  | { readonly type: 'incident'; readonly update: IncidentUpdate }
  | { readonly type: 'change'; readonly change: ChangeEvent }
  | { readonly type: 'topology'; readonly topology: Topology };

export type WatcherOptions = {
  clock: Clock;
  /** Where the instances' metrics are, in file_sd format; undefined goes by spans alone. */
  targetsFile: string | undefined;
  edgeService: string;
};

/** Feeds the analysis of who broke first, and tells what it says. */
export class Watcher {
  readonly sink: SpanSink;
  readonly #options: WatcherOptions;
  readonly #analyzer: OriginAnalyzer;
  readonly #listeners = new Set<(event: WatchEvent) => void>();
  readonly #stopping = new AbortController();
  #changes: ChangeEvent[] = [];
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#analyzer = new OriginAnalyzer({ clock: options.clock });
    this.sink = (spans) => this.#analyzer.onSpans(spans);
  }

  start(): void {
    this.#running = Promise.all([this.#judge(), this.#scrape()]);
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

  topology(): Topology {
    return this.#analyzer.topology();
  }

  /** What was done to the system of late, oldest first. */
  changes(): readonly ChangeEvent[] {
    return this.#changes;
  }

  noteChange(change: ChangeEvent): void {
    this.#changes = [...this.#changes.slice(1 - CHANGES_KEPT), change];
    this.#analyzer.onChange(change);
    this.#tell({ type: 'change', change });
  }

  /** Tells `listener` what happens from now on; the answer ends that. */
  listen(listener: (event: WatchEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #judge(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    let toldMs = 0;
    while (!signal.aborted) {
      for (const update of this.#analyzer.tick()) this.#tell({ type: 'incident', update });
      if (this.#listeners.size > 0 && clock.monotonic() - toldMs >= 1_000) {
        toldMs = clock.monotonic();
        this.#tell({ type: 'topology', topology: this.topology() });
      }
      await clock.sleep(TICK_MS, signal);
    }
  }

  async #scrape(): Promise<void> {
    const { clock, targetsFile, edgeService } = this.#options;
    if (targetsFile === undefined) return;
    const scraper = new Scraper({
      targetsFile,
      edgeService,
      clock,
      onEdges: (samples) => this.#analyzer.onEdges(samples),
      onQueues: (samples) => this.#analyzer.onQueues(samples),
    });
    while (!this.#stopping.signal.aborted) {
      const startedMs = clock.monotonic();
      await scraper.look();
      const leftMs = SCRAPE_MS - (clock.monotonic() - startedMs);
      await clock.sleep(Math.max(100, leftMs), this.#stopping.signal);
    }
    scraper.stop();
  }

  #tell(event: WatchEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
