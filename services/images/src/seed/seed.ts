import { seedId } from '@faultline/chassis/ids';
import type { Logger } from '@faultline/chassis/log';
import type { Decoder } from '../decoder/decoder.ts';
import type { ImagesDeps } from '../deps.ts';
import { findImage } from '../images.ts';
import { acceptUpload } from '../upload.ts';
import { drawing, type Picture } from './drawing.ts';

/** Everything else starts first. */
const DELAY_MS = 2_000;
const POLL_INTERVAL_MS = 20;
const PATIENCE_MS = 60_000;
const RETRY_MS = 2_000;
const ATTEMPTS_MAX = 100;

export type SeedDeps = ImagesDeps & { decoder: Pick<Decoder, 'run'>; log: Logger };

/**
 * Draws the demonstration products' pictures and uploads each the way anybody's is, one at a time,
 * leaving out those that are there already.
 */
export async function seed(
  deps: SeedDeps,
  wanted: readonly Picture[],
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = deps;
  await clock.sleep(DELAY_MS, signal);
  for (let attempt = 1; !signal.aborted && attempt <= ATTEMPTS_MAX; attempt++) {
    try {
      for (const picture of wanted) if (!signal.aborted) await add(deps, picture, signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error }, 'the seed pictures were interrupted');
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

async function add(deps: SeedDeps, picture: Picture, signal: AbortSignal): Promise<void> {
  const id = seedId('image', picture.slug);
  if (await findImage(deps.postgres, id)) return;
  const drawn = await deps.decoder.run({ kind: 'draw', svg: await drawing(picture) });
  if (drawn.kind !== 'drawn') throw new Error(`drawing ${picture.slug} answered ${drawn.kind}`);
  const ownerId = seedId('account', 'admin@faultline.local');
  await acceptUpload(deps, { id, ownerId, original: Buffer.from(drawn.png) });
  await settled(deps, id, signal);
}

/** Waits for the worker, so that uploads of people never queue behind ours. */
async function settled(deps: SeedDeps, id: string, signal: AbortSignal): Promise<void> {
  const { clock, postgres } = deps;
  const giveUpMs = clock.monotonic() + PATIENCE_MS;
  while (!signal.aborted && clock.monotonic() < giveUpMs) {
    const status = (await findImage(postgres, id))?.status;
    if (status === 'ready' || status === 'rejected') return;
    await clock.sleep(POLL_INTERVAL_MS, signal);
  }
}
