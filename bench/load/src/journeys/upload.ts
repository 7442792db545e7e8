import { getImage, uploadImage } from '@faultline/contracts/images';
import { drawPicture } from '../picture.ts';
import type { Journey } from './journey.ts';

const pollMs = 1_000;
const pollsMax = 60;

/** Uploads a picture nobody has seen before and waits for its renditions. */
export const upload: Journey = {
  name: 'upload',
  weight: 2,
  requests: 3,
  async make({ steps, random, customers }) {
    const customer = await customers.anyone(steps, random);
    const { headers } = await customers.session(steps, customer);
    const rawBody = { type: 'image/png', bytes: drawPicture(random) };
    const { body } = await steps.call(uploadImage, {}, { headers, rawBody, expect: [202] });
    const request = { params: { id: body.id } };
    for (let polls = 0; polls < pollsMax; polls++) {
      await steps.pause(pollMs);
      const { body: image } = await steps.call(getImage, request, {
        headers,
        expect: [200],
        judge: ({ body: { status, reason } }) =>
          status === 'rejected' ? { failure: `the picture was rejected: ${reason}` } : {},
      });
      const [rendition] = image.renditions;
      if (image.status !== 'ready' || rendition === undefined) continue;
      await steps.get('picture', rendition.url);
      return;
    }
  },
};
