import { mount } from '@faultline/chassis/endpoint';
import * as contract from '@faultline/contracts/images';
import type { ImagesDeps } from './deps.ts';
import { getImage } from './routes/get-image.ts';
import { media, readMedia } from './routes/read-media.ts';
import { uploadImage } from './routes/upload-image.ts';

/** The images API, and the pictures themselves, on `router`. */
export function mountImages(router: Parameters<typeof mount>[0], deps: ImagesDeps): void {
  mount(router, contract.uploadImage, uploadImage(deps));
  mount(router, contract.getImage, getImage(deps));
  mount(router, media, readMedia(deps));
}
