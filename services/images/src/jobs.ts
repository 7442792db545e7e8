import type { EventContract } from '@faultline/chassis/consumer';
import type { NewEvent } from '@faultline/chassis/events';
import { id } from '@faultline/contracts/common';
import { imageEvents, type Rendition } from '@faultline/contracts/images';
import { z } from 'zod';
import type { Rejection } from './decoder/protocol.ts';

/** The work queue: one entry for each picture that was uploaded. */
export const imageJobs = {
  stream: 'images.jobs',
  types: { 'image.queued': { version: 1, data: z.object({ image_id: id }) } },
} as const satisfies EventContract;

export function queuedEvent(imageId: string): NewEvent {
  const type = 'image.queued';
  return {
    type,
    version: imageJobs.types[type].version,
    subject: imageId,
    sequence: 1,
    data: { image_id: imageId },
  };
}

export function readyEvent(imageId: string, version: number, renditions: Rendition[]): NewEvent {
  const type = 'image.ready';
  return {
    type,
    version: imageEvents.types[type].version,
    subject: imageId,
    sequence: version,
    data: { image_id: imageId, renditions },
  };
}

export function rejectedEvent(imageId: string, version: number, reason: Rejection): NewEvent {
  const type = 'image.rejected';
  return {
    type,
    version: imageEvents.types[type].version,
    subject: imageId,
    sequence: version,
    data: { image_id: imageId, reason },
  };
}
