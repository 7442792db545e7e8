import { fileURLToPath } from 'node:url';
import { createApp } from '@faultline/chassis/app';
import { systemClock } from '@faultline/chassis/clock';
import { createMetrics } from '@faultline/chassis/metrics';
import { Outbox } from '@faultline/chassis/outbox';
import { connectBlockingRedis, connectRedis } from '@faultline/chassis/redis';
import { asPrincipal, serve } from '@faultline/chassis/testing/app';
import { eventually } from '@faultline/chassis/testing/eventually';
import { silentLog } from '@faultline/chassis/testing/log';
import { createTestDatabase, testRedisUrl } from '@faultline/chassis/testing/stores';
import { type Image, image } from '@faultline/contracts/images';
import { mountImages } from '../src/app.ts';
import { Decoder } from '../src/decoder/decoder.ts';
import { JobQueue } from '../src/worker/queue.ts';
import { work, type WorkerDeps } from '../src/worker/worker.ts';

export const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));
export const owner = '01890000-0000-7000-8000-00000000000a';
export const redisUrl = () => testRedisUrl(11);

const PNG = 'image/png';

/** The images API with as many workers as a test starts, on a database of its own. */
export async function startImages() {
  const db = await createTestDatabase(MIGRATIONS);
  const redis = connectRedis({ url: redisUrl(), log: silentLog });
  await eventually(() => redis.flushdb());
  const metrics = createMetrics();
  const common = { postgres: db, redis, clock: systemClock, log: silentLog };
  const outbox = new Outbox({ ...common, metrics: metrics.outbox });
  const { app, router } = createApp({
    name: 'images',
    version: '1.0.0',
    requestTimeoutMs: 10_000,
    clock: systemClock,
    log: silentLog,
    metrics: metrics.http,
    draining: () => false,
  });
  const deps = { postgres: db, outbox, clock: systemClock, log: silentLog };
  mountImages(router, deps);
  const server = await serve(app);
  const stopping = new AbortController();
  const running: Promise<unknown>[] = [];
  const blockers: ReturnType<typeof connectBlockingRedis>[] = [];

  function startRelay(): void {
    running.push(outbox.relay(stopping.signal));
  }

  /** A worker whose decoder and settings a test may replace; its name is its place. */
  function startWorker(options: Partial<WorkerDeps> & { claimAfterMs?: number } = {}): Decoder {
    const { claimAfterMs = 60_000, ...replaced } = options;
    const blocking = connectBlockingRedis({ url: redisUrl(), log: silentLog });
    blockers.push(blocking);
    const consumer = `worker-${blockers.length}`;
    const queue = new JobQueue({ redis, blocking, consumer, claimAfterMs });
    const decoder = new Decoder({ clock: systemClock, timeoutMs: 15_000 });
    const worker = { ...deps, queue, decoder, observe: () => undefined, ...replaced };
    running.push(work(worker, stopping.signal).finally(() => decoder.close()));
    return decoder;
  }

  async function upload(bytes: Uint8Array<ArrayBuffer>, type = PNG, headers = {}) {
    const response = await fetch(`${server.url}/api/v1/images`, {
      method: 'POST',
      headers: { ...asPrincipal(owner), 'content-type': type, ...headers },
      body: bytes,
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  async function read(id: string): Promise<Image> {
    const response = await fetch(`${server.url}/api/v1/images/${id}`, {
      headers: asPrincipal(owner),
    });
    return image.parse(await response.json());
  }

  return {
    db,
    redis,
    outbox,
    deps,
    url: server.url,
    startRelay,
    startWorker,
    upload,
    read,
    /** Waits until the picture is ready or rejected. */
    settled: (id: string, timeoutMs = 15_000): Promise<Image> =>
      eventually(async () => {
        const found = await read(id);
        if (found.status !== 'ready' && found.status !== 'rejected') throw new Error(found.status);
        return found;
      }, timeoutMs),
    /** Uploads a picture, which must be taken in, and gives its id. */
    async add(bytes: Uint8Array<ArrayBuffer>, type = PNG): Promise<string> {
      const { status, body } = await upload(bytes, type);
      if (status !== 202) throw new Error(`upload: ${status} ${JSON.stringify(body)}`);
      return image.parse(body).id;
    },
    /** The types of the outbox's events about a picture, in order. */
    async eventsOf(id: string): Promise<string[]> {
      const { rows } = await db.pool.query<{ type: string }>(
        `SELECT event ->> 'type' AS type FROM outbox WHERE event ->> 'subject' = $1 ORDER BY seq`,
        [id],
      );
      return rows.map(({ type }) => type);
    },
    async stop() {
      stopping.abort();
      for (const blocking of blockers) blocking.disconnect();
      await Promise.all(running);
      await server.close();
      redis.disconnect();
      await db.drop();
    },
  };
}

export type Images = Awaited<ReturnType<typeof startImages>>;
