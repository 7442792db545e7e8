import type { Clock } from '@faultline/chassis/clock';
import { toRfc3339 } from '@faultline/chassis/clock';
import { ProblemError } from '@faultline/chassis/errors';
import type { Logger } from '@faultline/chassis/log';
import type { LoadOptions } from '../run.ts';
import type { LoadReport } from '../report.ts';
import type { Payload } from './payload.ts';

/** What a canary's load is at. */
export type Run = { canary: string; state: 'started' | 'running'; ends_at: string };

type Deps = {
  clock: Clock;
  log: Pick<Logger, 'info' | 'warn'>;
  /** Sends people for the time that is said, and tells how it went. */
  load(what: Pick<LoadOptions, 'rps' | 'durationMs' | 'signal'>): Promise<LoadReport>;
};

/** More canaries at a time would only measure each other's load. */
const runsMax = 20;

/** The loads of canaries: one at a time for each, which ends by itself. */
export class Runs {
  readonly #deps: Deps;
  readonly #ends = new Map<string, number>();
  readonly #pending = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Begins a canary's load unless it has one. Throws `unavailable` when there are too many, or this
   * process ends.
   */
  start({ name, namespace, metadata }: Payload): Run {
    const canary = `${namespace}/${name}`;
    const running = this.#ends.get(canary);
    if (running !== undefined) return { canary, state: 'running', ends_at: toRfc3339(running) };
    if (this.#stop.signal.aborted || this.#ends.size >= runsMax) {
      throw new ProblemError('unavailable', `No more than ${runsMax} loads at a time.`);
    }
    const endsAtMs = this.#deps.clock.now() + metadata.duration;
    this.#ends.set(canary, endsAtMs);
    const run = this.#run(canary, metadata).finally(() => {
      this.#ends.delete(canary);
      this.#pending.delete(run);
    });
    this.#pending.add(run);
    return { canary, state: 'started', ends_at: toRfc3339(endsAtMs) };
  }

  /** Never rejects: the canary is judged by what its proxies count, not by what came of this. */
  async #run(canary: string, { rps, duration }: Payload['metadata']): Promise<void> {
    const { load, log } = this.#deps;
    try {
      const options = { rps, durationMs: duration, signal: this.#stop.signal };
      const { requests, failed, degraded, shed, latency_ms } = await load(options);
      log.info({ canary, requests, failed, degraded, shed, p99_ms: latency_ms.p99 }, 'load ended');
    } catch (error) {
      log.warn({ canary, err: error }, 'load broke off');
    }
  }

  /** Ends all loads early; resolves when the last request has its answer, or is given up. */
  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#pending);
  }
}
