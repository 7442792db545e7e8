import { insertImage } from './images.ts';
import type { ImagesDeps } from './deps.ts';
import { imageJobs, queuedEvent } from './jobs.ts';

/** Takes a picture in: the row and its job in one transaction, so that neither is ever alone. */
export async function acceptUpload(
  { postgres, outbox }: Pick<ImagesDeps, 'postgres' | 'outbox'>,
  image: { id: string; ownerId: string; original: Buffer },
): Promise<void> {
  await postgres.transaction(async (tx) => {
    const added = await insertImage(tx, image);
    if (added) await outbox.append(tx, imageJobs.stream, queuedEvent(image.id));
  });
  outbox.nudge();
}
