import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '@faultline/chassis/clock';
import { listen } from '@faultline/chassis/server';
import { createConsole } from '@faultline/console/console';
import type { LargeShop } from './large-shop.ts';

/** As the store has it. */
const BEAT_MS = 100;
const BEATS_A_FRAME = 3;
const BEATS_AN_UPDATE = 10;

export type StageOptions = {
  readonly shop: LargeShop;
  readonly clock: Clock;
  readonly startMs: number;
  /** How long it goes on, in its own time. */
  readonly forMs: number;
  /** Whether it goes as fast as whoever listens takes it, instead of at its own pace. */
  readonly isFast: boolean;
  /** Since when something is broken, in its own time. */
  readonly brokenAtMs?: number;
  /** Told how far it has come, as often as it beats. */
  readonly onBeat?: (passedMs: number) => Promise<unknown> | undefined;
};

/** The console over a stream of events that are made, and over nothing else. */
export async function openStage(options: StageOptions): Promise<AsyncDisposable & { url: string }> {
  const ending = new AbortController();
  const api: RequestListener = (req, res) => {
    if (req.url === '/api/events') return void stream(res, options, ending.signal);
    res.writeHead(404, { 'content-type': 'application/json' }).end('{}');
  };
  const { clock } = options;
  const handler = await createConsole({
    api,
    prometheusUrl: undefined,
    engineSocket: undefined,
    token: 'of this run',
    hosts: [],
  });
  const server = await listen(handler, { address: { host: '127.0.0.1', port: 0 }, clock });
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await server.drain(clock.monotonic());
    },
  };
}

async function stream(
  res: ServerResponse,
  { shop, clock, startMs, forMs, isFast, brokenAtMs = Infinity, onBeat }: StageOptions,
  ending: AbortSignal,
): Promise<void> {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const gone = AbortSignal.any([ending, closing(res)]);
  const send = async (type: string, value: unknown) => {
    const isTaken = res.write(`event: ${type}\ndata: ${JSON.stringify(value)}\n\n`);
    if (!isTaken) await once(res, 'drain', { signal: gone });
  };
  const beganMs = clock.monotonic();
  const tell = async () => {
    for (let beat = 0; beat * BEAT_MS <= forMs && !gone.aborted; beat++) {
      const passedMs = beat * BEAT_MS;
      const atMs = startMs + passedMs;
      if (beat % BEATS_A_FRAME === 0) await send('topology', shop.frame(atMs));
      await send('pulse', shop.pulses(atMs, BEAT_MS));
      if (beat % BEATS_AN_UPDATE === 0 && atMs >= brokenAtMs + 1_000) {
        await send('incident', { kind: 'updated', incident: shop.incident(atMs) });
      }
      await onBeat?.(passedMs);
      const leftMs = beganMs + passedMs + BEAT_MS - clock.monotonic();
      if (!isFast && leftMs > 0) await clock.sleep(leftMs, gone);
    }
  };
  // Whoever listened may be gone at any moment.
  await tell().catch((error: unknown) => {
    if (!gone.aborted) throw error;
  });
}

function closing(res: ServerResponse): AbortSignal {
  const closed = new AbortController();
  res.on('close', () => closed.abort());
  return closed.signal;
}
