import { type Clock, systemClock } from '@faultline/chassis/clock';
import { seedId } from '@faultline/chassis/ids';
import { expect } from 'chai';
import sharp from 'sharp';
import { drawing, readPictures } from '../src/seed/drawing.ts';
import { seed } from '../src/seed/seed.ts';
import { type Images, startImages } from './images.ts';

/** Waits as little as it can. */
const hasty: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 5), signal),
};

describe('the demonstration pictures', () => {
  it('can all be drawn, and no two are the same', async () => {
    const pictures = await readPictures();
    expect(pictures.length).to.be.at.least(60);
    const drawn = new Set<string>();
    for (const picture of pictures) {
      const svg = await drawing(picture);
      expect(svg, picture.slug).to.not.match(/[{}]|undefined|NaN/);
      expect(await drawing(picture), picture.slug).to.equal(svg);
      const { width, height } = await sharp(Buffer.from(svg)).metadata();
      expect([width, height], picture.slug).to.deep.equal([640, 640]);
      drawn.add(svg);
    }
    expect(drawn.size).to.equal(pictures.length);
  });

  describe('are uploaded', () => {
    let images: Images;
    before(async () => {
      images = await startImages();
      images.startRelay();
    });
    after(() => images.stop());

    it('as anybody’s are, under the ids that the catalog expects, and once', async () => {
      const pictures = (await readPictures()).slice(0, 3);
      const decoder = images.startWorker();
      const { signal } = new AbortController();
      const deps = { ...images.deps, clock: hasty, decoder };
      await seed(deps, pictures, signal);
      for (const { slug } of pictures) {
        const id = seedId('image', slug);
        const { rows } = await images.db.pool.query(
          'SELECT status, owner_id FROM images WHERE id = $1',
          [id],
        );
        expect(rows[0]).to.deep.equal({
          status: 'ready',
          owner_id: seedId('account', 'admin@faultline.local'),
        });
        expect(await images.eventsOf(id)).to.deep.equal(['image.queued', 'image.ready']);
      }
      const count = async () =>
        (await images.db.pool.query('SELECT count(*)::int AS n FROM outbox')).rows[0].n;
      const before = await count();
      await seed(deps, pictures, signal);
      expect(await count()).to.equal(before);
    });
  });
});
