import type { Random } from '@faultline/mesh-core/random';
import { type Clock, every } from '../clock.ts';
import { Body, discard } from '../http/body.ts';
import { splitAuthority } from '../http/target.ts';
import { acquire, exchange } from '../layers/acquire.ts';
import { type Handler, stack } from '../layer.ts';
import type { Log } from '../log.ts';
import { randomSpanId } from '../random.ts';
import { Request } from '../request.ts';
import { Scope } from '../scope.ts';
import { encodeSpans } from '../span-encoding.ts';
import type { ProxySpan, Tracer } from '../tracing.ts';
import { Pool } from './pool.ts';

const BATCH_MAX = 1_000;
/** Beyond this, spans are dropped: telemetry must not fill the memory of what it watches. */
const KEPT_MAX = 5_000;
const BODY_DISCARD_MAX = 64 * 1_024;
/** A collector that takes longer has stopped. */
const SEND_MS_MAX = 3_000;
/** The collector has too much to do, or is on its way out. */
const LATER = new Set([429, 503]);

type Options = {
  readonly endpoint: URL;
  readonly instance: string;
  readonly delayMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
};

/** Sends spans by OTLP/HTTP in JSON, in batches, one at a time; tries each twice, then drops it. */
export class SpanExporter implements Tracer {
  readonly #options: Options;
  readonly #pool: Pool;
  readonly #send: Handler;
  readonly #stop: () => void;
  #spans: ProxySpan[] = [];
  /** A batch that was not taken, to be sent once more. */
  #again: ProxySpan[] | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: Options) {
    const { endpoint, clock, random } = options;
    this.#options = options;
    this.#pool = new Pool({
      address: splitAuthority(endpoint.host),
      credentials: () => {
        throw new Error('the collector is called in plain text');
      },
      clock,
      random,
      connectMs: 1_000,
      idleMs: 3_000,
      connectionsMax: 1,
    });
    this.#send = stack([acquire(this.#pool)], exchange);
    this.#stop = every(clock, options.delayMs, () => void this.flush());
  }

  now(): number {
    return this.#options.clock.now();
  }

  spanId(): string {
    return randomSpanId();
  }

  record(span: ProxySpan): void {
    if (this.#spans.length < KEPT_MAX) this.#spans.push(span);
    if (this.#spans.length === BATCH_MAX) void this.flush();
  }

  /** Sends a batch of what there is, unless one is under way; resolves when that is over. */
  flush(): Promise<void> {
    this.#sending ??= this.#sendNext().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async close(): Promise<void> {
    this.#stop();
    await this.#sending;
    await this.flush();
    this.#pool.close();
  }

  async #sendNext(): Promise<void> {
    const failed = this.#again;
    this.#again = undefined;
    const spans = failed ?? this.#spans.splice(0, BATCH_MAX);
    if (spans.length === 0) return;
    try {
      await this.#sendBatch(spans);
    } catch (error) {
      if (!failed) this.#again = spans;
      const { log } = this.#options;
      const fate = failed ? 'spans were lost' : 'spans have to be sent again';
      log.write('debug', fate, { count: spans.length, error: String(error) });
    }
  }

  async #sendBatch(spans: readonly ProxySpan[]): Promise<void> {
    const { clock, instance } = this.#options;
    const request = this.#request(encodeSpans(spans, instance));
    const late = new Error(`the collector took longer than ${SEND_MS_MAX} ms`);
    const cancel = clock.after(SEND_MS_MAX, () => request.scope.cancel(late));
    try {
      const { status, body } = await this.#send(request);
      discard(body, BODY_DISCARD_MAX);
      if (LATER.has(status)) throw new Error(`the collector answered ${status}`);
    } finally {
      cancel();
    }
  }

  #request(body: Buffer): Request {
    const { endpoint, clock } = this.#options;
    const path = `${endpoint.pathname.replace(/\/$/, '')}/v1/traces`;
    return new Request({
      method: 'POST',
      path,
      query: '',
      authority: endpoint.host,
      destination: endpoint.host,
      headers: ['content-type', 'application/json'],
      body: Body.of(body),
      scope: new Scope(),
      client: { address: '', identity: undefined },
      upgrade: undefined,
      startedMs: clock.monotonic(),
      decision: {
        atMs: clock.now(),
        direction: 'outbound',
        method: 'POST',
        path,
        destination: endpoint.host,
        attempts: 1,
      },
      onContinue: undefined,
    });
  }
}
