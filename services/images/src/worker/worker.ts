import { parseEvent } from '@faultline/chassis/consumer';
import type { Logger } from '@faultline/chassis/log';
import type { StreamEntry } from '@faultline/chassis/streams';
import { imageEvents } from '@faultline/contracts/images';
import { withConsumerSpan } from '@faultline/telemetry/messaging';
import { ATTRIBUTES } from '@faultline/telemetry/spans';
import { annotateSpan } from '@faultline/telemetry/spans-api';
import { type Decoder, DecoderCrash } from '../decoder/decoder.ts';
import type { Answer, EncodedRendition, Rejection } from '../decoder/protocol.ts';
import type { ImagesDeps } from '../deps.ts';
import { type Attempt, beginAttempt, finish, storeRenditions } from '../images.ts';
import { imageJobs, readyEvent, rejectedEvent } from '../jobs.ts';
import type { JobQueue } from './queue.ts';

const ATTEMPTS_MAX = 3;
const BACKOFF_MS_MAX = 5_000;

export type WorkerDeps = ImagesDeps & {
  queue: JobQueue;
  decoder: Pick<Decoder, 'run'>;
  log: Logger;
  /** Notes how long a job took and how it ended: `done`, `rejected` or `failed`. */
  observe: (result: string, durationMs: number) => void;
};

/** Does jobs one after another until `signal` aborts; the one in hand is finished first. */
export async function work(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  const { queue, clock, log } = deps;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await queue.open();
      while (!signal.aborted) {
        const entry = await queue.next();
        if (entry) await handle(deps, entry);
        failures = 0;
      }
    } catch (error) {
      failures++;
      if (failures === 1 && !signal.aborted) log.warn({ err: error }, 'the worker lost a store');
      await clock.sleep(Math.min(100 * 2 ** failures, BACKOFF_MS_MAX), signal);
    }
  }
}

async function handle(deps: WorkerDeps, entry: StreamEntry): Promise<void> {
  const { queue, log } = deps;
  const job = parse(entry);
  if ('fault' in job) {
    log.error({ entry: entry.id, fault: job.fault }, 'a job made no sense');
    await queue.bury(entry, job.fault);
    return;
  }
  const delivery = {
    stream: queue.stream,
    group: queue.group,
    eventType: job.type,
    fields: entry.fields,
    messageId: job.id,
    deliveryCount: 1,
  };
  const given = await withConsumerSpan(delivery, () => process(deps, job.subject));
  deps.crash?.('images.before-ack');
  if (given === 'given up') await queue.bury(entry, `given up after ${ATTEMPTS_MAX} attempts`);
  else await queue.done(entry);
}

function parse(
  entry: StreamEntry,
): { id: string; type: string; subject: string } | { fault: string } {
  try {
    const event = parseEvent(imageJobs, entry);
    return { ...event, subject: imageJobs.types['image.queued'].data.parse(event.data).image_id };
  } catch (error) {
    return { fault: String(error) };
  }
}

/** Works on the picture until it is ready, rejected or given up. */
async function process(deps: WorkerDeps, imageId: string): Promise<'settled' | 'given up'> {
  const { clock, decoder, log, observe, postgres } = deps;
  annotateSpan({ [ATTRIBUTES.imageId]: imageId });
  for (;;) {
    const attempt = await beginAttempt(postgres, imageId);
    if (!attempt) return 'settled';
    deps.crash?.('images.processing');
    const startedMs = clock.monotonic();
    const done = (result: string) => observe(result, clock.monotonic() - startedMs);
    if (attempt.number > ATTEMPTS_MAX) {
      await settle(deps, attempt, { kind: 'refused', reason: 'processing_failed' });
      done('rejected');
      return 'given up';
    }
    try {
      const answer = await decoder.run({ kind: 'render', bytes: attempt.original });
      await settle(deps, attempt, answer);
      done(answer.kind === 'rendered' ? 'done' : 'rejected');
      return 'settled';
    } catch (error) {
      done('failed');
      if (!(error instanceof DecoderCrash)) throw error;
      log.warn(
        { err: error, image: imageId, attempt: attempt.number },
        'a picture broke the decoder',
      );
    }
  }
}

/** The picture's new state and the event that tells of it, in one transaction. */
async function settle(deps: WorkerDeps, attempt: Attempt, answer: Answer): Promise<void> {
  const { postgres, outbox, crash } = deps;
  const result = resultOf(answer);
  await postgres.transaction(async (tx) => {
    const version = await finish(tx, attempt, 'reason' in result ? result.reason : null);
    if (version === undefined) return;
    const event =
      'reason' in result
        ? rejectedEvent(attempt.imageId, version, result.reason)
        : readyEvent(
            attempt.imageId,
            version,
            await storeRenditions(tx, attempt.imageId, result.renditions),
          );
    await outbox.append(tx, imageEvents.stream, event);
    crash?.('images.before-ready');
  });
  crash?.('images.after-ready');
  outbox.nudge();
}

function resultOf(answer: Answer): { reason: Rejection } | { renditions: EncodedRendition[] } {
  if (answer.kind === 'refused') return { reason: answer.reason };
  if (answer.kind === 'rendered') return { renditions: answer.renditions };
  throw new Error(`the decoder answered ${answer.kind} to a picture, expected its renditions`);
}
