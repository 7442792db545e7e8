import { seededRandom } from '@faultline/mesh-core/random';
import { expect } from 'chai';
import sharp from 'sharp';
import { drawPicture } from './picture.ts';

describe('a picture', () => {
  it('is a PNG that others can read', async () => {
    const { format, width, height } = await sharp(drawPicture(seededRandom(1))).metadata();
    expect({ format, width, height }).to.deep.equal({ format: 'png', width: 640, height: 480 });
    const { channels } = await sharp(drawPicture(seededRandom(1))).stats();
    expect(channels.map(({ stdev }) => stdev > 20)).to.deep.equal([true, true, true]);
  });

  it('is another one for each upload', () => {
    const random = seededRandom(1);
    expect(drawPicture(random).equals(drawPicture(random))).to.equal(false);
  });
});
