import { Service } from '@faultline/chassis/service';
import { METRICS } from '@faultline/telemetry/metrics';
import { mountImages } from './app.ts';
import { readConfig } from './config.ts';
import { Decoder } from './decoder/decoder.ts';
import { countUnfinished } from './images.ts';
import { readPictures } from './seed/drawing.ts';
import { seed } from './seed/seed.ts';
import { JobQueue } from './worker/queue.ts';
import { work } from './worker/worker.ts';

const config = readConfig();
const service = new Service(config);
const { clock, log, metrics } = service;

const stores = await service.stores(config, new URL('../migrations', import.meta.url));
const { postgres, redis, outbox, blockingRedis, crash } = stores;
const deps = { postgres, outbox, clock, log, crash };

const duration = metrics.histogram(METRICS.jobDuration);
const observe = (result: string, ms: number) =>
  duration.observe({ kind: 'renditions', result }, ms / 1_000);
const decoders = Array.from({ length: config.IMAGE_CONCURRENCY }, (_, lane) => {
  const decoder = new Decoder({ clock, timeoutMs: config.IMAGE_TIMEOUT_MS });
  const queue = new JobQueue({
    redis,
    blocking: blockingRedis(),
    consumer: `${config.POD_NAME}/${lane}`,
    claimAfterMs: config.IMAGE_CLAIM_AFTER_MS,
  });
  service.background(`worker ${lane}`, (signal) =>
    work({ ...deps, queue, decoder, observe }, signal).finally(() => decoder.close()),
  );
  return decoder;
});

const queued = metrics.gauge(METRICS.jobsQueued);
service.every('job metrics', 2_000, async () => {
  queued.set({ kind: 'renditions' }, await countUnfinished(postgres, ['queued']));
});

const [decoder] = decoders;
if (config.SEED === 'demo' && decoder) {
  const pictures = await readPictures();
  service.background('seed', (signal) => seed({ ...deps, decoder }, pictures, signal));
}

const { app, router } = service.app();
mountImages(router, deps);
await service.run(app);
