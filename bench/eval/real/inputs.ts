import type { RecordedLine, RecordingHead } from '@faultline/origin/recording';
import { RecordingWriter } from '../recordings.ts';
import type { Meets } from './kinds.ts';

/** Calls since some time that went to one place: what a fault there must have met. */
type Watch = { readonly meets: Meets; readonly sinceMs: number; firstMs: number; hits: number };

const HITS_WITHIN_MS = 10_000;
const STORES: Readonly<Record<string, string>> = { postgresql: 'postgres', redis: 'redis' };

/** What the analysis of a running system is told, written down as it comes. */
export class Inputs {
  readonly #stopping: AbortController;
  readonly #reading: Promise<unknown>;
  readonly #watches: Watch[] = [];
  /** All that was written up to now. */
  #written: Promise<void> = Promise.resolve();
  #lost: unknown;
  #writer: RecordingWriter | undefined;

  /** `url` is the trace store's; rejects when it does not hand out what it is told. */
  static async open(url: string): Promise<Inputs> {
    const stopping = new AbortController();
    const reply = await fetch(new URL('api/inputs', url), { signal: stopping.signal });
    if (!reply.ok || !reply.body) throw new Error(`record ${url}: ${reply.status}`);
    return new Inputs(reply.body, stopping);
  }

  private constructor(body: ReadableStream<Uint8Array>, stopping: AbortController) {
    this.#stopping = stopping;
    this.#reading = this.#read(body).catch((error: unknown) => {
      this.#lost = error;
    });
  }

  /** From now on into a file of its own. */
  begin(path: string): void {
    this.#writer = new RecordingWriter(path);
  }

  /** Rejects when what was told has not come through to the end. */
  async end(head: RecordingHead): Promise<void> {
    if (this.#lost !== undefined)
      throw new Error('record: the stream broke', { cause: this.#lost });
    const writer = this.#writer;
    this.#writer = undefined;
    await this.#written;
    await writer?.close(head);
  }

  /** Watches for calls to a place from now on. */
  watch(meets: Meets, sinceMs: number): Watch {
    const watch = { meets, sinceMs, firstMs: Infinity, hits: 0 };
    this.#watches.push(watch);
    return watch;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#reading;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        // The store's own words, of this same release.
        const told = JSON.parse(line) as RecordedLine;
        this.#count(told);
        this.#write(told);
      }
    }
  }

  /** What comes while a file is being ended belongs to the next one, or to none. */
  #write(told: RecordedLine): void {
    const writer = this.#writer;
    if (writer) this.#written = this.#written.then(() => writer.write(told));
  }

  #count({ spans, edges }: RecordedLine): void {
    for (const { view, target, atMs, periodMs, requests } of edges ?? []) {
      if (view !== 'inbound') continue;
      for (const watch of this.#watches) {
        if (watch.meets.instance !== target.instance || target.instance === undefined) continue;
        if (atMs - periodMs / 2 < watch.sinceMs || atMs > watch.sinceMs + HITS_WITHIN_MS) continue;
        watch.hits += requests;
        if (requests > 0) watch.firstMs = Math.min(watch.firstMs, atMs - periodMs / 2);
      }
    }
    for (const { kind, service, attributes, startMs, durationMs } of spans ?? []) {
      if (kind !== 'client') continue;
      const system = attributes['db.system.name'];
      const to = system === undefined ? attributes['server.address'] : STORES[String(system)];
      for (const watch of this.#watches) {
        const { meets, sinceMs } = watch;
        if (meets.instance !== undefined) continue;
        if (to !== meets.to || (meets.from ?? service) !== service) continue;
        if (startMs + durationMs < sinceMs || startMs > sinceMs + HITS_WITHIN_MS) continue;
        watch.hits++;
        watch.firstMs = Math.min(watch.firstMs, Math.max(sinceMs, startMs));
      }
    }
  }
}
