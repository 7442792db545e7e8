import { type Handler, principalOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { getImage as endpoint } from '@faultline/contracts/images';
import type { ImagesDeps } from '../deps.ts';
import { findImage } from '../images.ts';

export function getImage({ postgres }: ImagesDeps): Handler<typeof endpoint> {
  return async ({ params, call }) => {
    const principal = principalOf(call);
    const found = await findImage(postgres, params.id);
    // Another account's picture is no different from one that is not there.
    if (!found || (found.owner_id !== principal.id && principal.role !== 'admin')) {
      throw new ProblemError('not_found', 'There is no such picture.');
    }
    const { owner_id: _, ...body } = found;
    return { status: 200, headers: { 'Cache-Control': 'no-store' }, body };
  };
}
