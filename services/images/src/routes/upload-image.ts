import type { IncomingMessage } from 'node:http';
import { readBytes } from '@faultline/chassis/body';
import { type Handler, principalOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { uuidv7 } from '@faultline/chassis/ids';
import {
  imageBytesMax,
  imageMediaTypes,
  type uploadImage as endpoint,
} from '@faultline/contracts/images';
import { annotateSpan } from '@faultline/telemetry/spans-api';
import { ATTRIBUTES } from '@faultline/telemetry/spans';
import type { ImagesDeps } from '../deps.ts';
import { countUnfinished } from '../images.ts';
import { declaredType, sniffType } from '../media-type.ts';
import { acceptUpload } from '../upload.ts';

/** Bodies held in memory at a time. */
const UPLOADS_AT_ONCE_MAX = 8;
/** What may wait in the database. */
const UNFINISHED_MAX = 300;

export function uploadImage(deps: ImagesDeps): Handler<typeof endpoint> {
  let uploads = 0;
  return async ({ ctx, call }) => {
    const owner = principalOf(call);
    const type = declaredType(ctx.get('content-type'));
    if (!type) throw unsupported(`Send one of ${imageMediaTypes.join(', ')}.`);
    if (uploads >= UPLOADS_AT_ONCE_MAX) throw full('uploads_at_limit', 1);
    uploads++;
    try {
      const unfinished = await countUnfinished(deps.postgres, ['queued', 'processing']);
      if (unfinished >= UNFINISHED_MAX) throw full('queue_full', 10);
      const original = await readPicture(ctx.req, type);
      const id = uuidv7(deps.clock);
      annotateSpan({ [ATTRIBUTES.imageId]: id });
      await acceptUpload(deps, { id, ownerId: owner.id, original });
      return {
        status: 202,
        headers: { Location: `/api/v1/images/${id}` },
        body: { id, status: 'queued', reason: null, renditions: [] },
      };
    } finally {
      uploads--;
    }
  };
}

async function readPicture(req: IncomingMessage, type: string): Promise<Buffer> {
  const bytes = await readBytes(req, imageBytesMax);
  if (bytes.length === 0) throw new ProblemError('invalid_request', 'The body is empty.');
  if (sniffType(bytes) !== type) throw unsupported(`The content is not ${type}.`);
  return bytes;
}

function unsupported(detail: string): ProblemError {
  return new ProblemError('unsupported_media_type', detail, { reason: 'unsupported_format' });
}

function full(reason: string, retryAfterSeconds: number): ProblemError {
  const detail = 'Too many pictures are being taken in; try again soon.';
  return new ProblemError('unavailable', detail, { reason, retryAfterSeconds });
}
