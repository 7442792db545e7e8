import { Agent, request } from 'node:http';
import type { Clock } from '@faultline/chassis/clock';
import { ExpositionReader } from '@faultline/origin/exposition';
import { edgeSamples, type Scrape } from '@faultline/origin/metrics';
import { queueSamples } from '@faultline/origin/queue-metrics';
import type { EdgeSample, QueueSample } from '@faultline/origin/model';
import { GivenUp } from './given-up.ts';
import { OwnTraffic } from './own-traffic.ts';
import type { MetricsTarget, TargetSource } from './targets.ts';

const TIMEOUT_MS = 900;
/** Who has not answered for longer begins anew. */
const KNOWN_MS = 60_000;
const BODY_MAX = 8 * 1_024 * 1_024;
const relevant =
  /^(outbound_|request_total|response_|tcp_|inbound_http|stream_|outbox_|jobs?_|process_cpu_seconds_total)/;

export type ScraperOptions = {
  targets: TargetSource;
  /** The service that people call. */
  edgeService: string;
  /** Whether the sidecars are Linkerd's own, see {@link GivenUp} and {@link OwnTraffic}. */
  isLinkerd: boolean;
  /** This program's own address in the list of targets, where there is nothing to learn. */
  ownUrl: string | undefined;
  clock: Clock;
  onEdges(samples: EdgeSample[]): void;
  onQueues(samples: QueueSample[]): void;
  /** Whom the list names; not told where there is none. */
  onTargets(targets: readonly MetricsTarget[]): void;
  /** All that was read of one target. */
  onScrape(target: MetricsTarget, scrape: Scrape): void;
};

/** Looks at the metrics of all instances and their sidecars, and tells what changed since. */
export class Scraper {
  readonly #options: ScraperOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #before = new Map<string, Scrape>();
  /** Those that have not answered yet. */
  readonly #asked = new Set<string>();
  readonly #readers = new Map<string, ExpositionReader>();
  readonly #givenUp: GivenUp | undefined;

  constructor(options: ScraperOptions) {
    this.#options = options;
    this.#givenUp = options.isLinkerd ? new GivenUp() : undefined;
  }

  /**
   * One look at these; those that do not answer, and have not answered the look before, are left
   * out. Never rejects.
   */
  async look({ kinds }: { kinds: readonly MetricsTarget['kind'][] }): Promise<void> {
    // Without the list there is nothing to look at yet.
    const all = await this.#options.targets().catch(() => []);
    const { ownUrl, onTargets, isLinkerd, edgeService } = this.#options;
    if (all.length > 0) onTargets(all);
    const targets = all.filter(
      ({ url, kind }) =>
        kinds.includes(kind) &&
        !this.#asked.has(url) &&
        (ownUrl === undefined || !url.startsWith(`${ownUrl}/`)),
    );
    const traffic = isLinkerd ? new OwnTraffic(all, edgeService) : undefined;
    await Promise.all(targets.map((target) => this.#lookAt(target, traffic)));
    const oldMs = this.#options.clock.now() - KNOWN_MS;
    for (const [url, { atMs }] of this.#before) {
      if (atMs >= oldMs) continue;
      this.#before.delete(url);
      this.#readers.delete(url);
    }
  }

  stop(): void {
    this.#agent.destroy();
  }

  /** What one that did not answer has counted meanwhile is told when it does. */
  async #lookAt(target: MetricsTarget, traffic: OwnTraffic | undefined): Promise<void> {
    this.#asked.add(target.url);
    const text = await this.#read(target.url).catch(() => undefined);
    this.#asked.delete(target.url);
    if (text === undefined) return;
    const atMs = this.#options.clock.now();
    const read = this.#readerOf(target.url).read(text);
    const samples = target.kind === 'sidecar' ? (traffic?.select(read, target) ?? read) : read;
    const after = { atMs, samples };
    this.#options.onScrape(target, after);
    const before = this.#before.get(target.url);
    this.#before.set(target.url, after);
    if (before === undefined) return;
    const { edgeService, onEdges, onQueues } = this.#options;
    if (target.kind === 'app') onQueues(queueSamples(before, after, target));
    else {
      const isEdge = target.service === edgeService;
      const found = edgeSamples(before, after, { ...target, isEdge });
      const edges = traffic?.withVersions(found) ?? found;
      onEdges(this.#givenUp?.settle(edges) ?? edges);
    }
  }

  #readerOf(url: string): ExpositionReader {
    const reader = this.#readers.get(url) ?? new ExpositionReader((name) => relevant.test(name));
    this.#readers.set(url, reader);
    return reader;
  }

  #read(url: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const call = request(url, { agent: this.#agent, signal }, (reply) => {
        let body = '';
        reply.setEncoding('utf8');
        reply.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > BODY_MAX) reply.destroy(new Error(`${url} never ends`));
        });
        reply.on('error', reject);
        reply.on('end', () => resolve(body));
      });
      call.on('error', reject);
      call.end();
    });
  }
}
