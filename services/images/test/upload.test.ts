import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { systemClock } from '@faultline/chassis/clock';
import { uuidv7 } from '@faultline/chassis/ids';
import { asPrincipal } from '@faultline/chassis/testing/app';
import { expect } from 'chai';
import sharp from 'sharp';
import { type Images, owner, startImages } from './images.ts';
import { bytesOf, picture, plain } from './pictures.ts';

const MEBIBYTE = 1024 * 1024;

describe('uploading a picture', () => {
  let images: Images;
  before(async () => {
    images = await startImages();
    images.startRelay();
    images.startWorker();
  });
  after(() => images.stop());

  const fileOf = async (url: string) =>
    Buffer.from(await (await fetch(`${images.url}${url}`)).arrayBuffer());

  it('is taken in at once, and ready soon', async () => {
    const { status, headers, body } = await images.upload(
      await picture({ width: 1200, height: 900 }),
    );
    expect(status).to.equal(202);
    expect(body).to.include({ status: 'queued', reason: null });
    expect(headers.get('location')).to.equal(`/api/v1/images/${body.id}`);
    const { status: end, renditions } = await images.settled(body.id);
    expect(end).to.equal('ready');
    expect(renditions.map(({ width, height }) => [width, height])).to.deep.equal([
      [160, 120],
      [480, 360],
      [960, 720],
    ]);
    expect(await images.eventsOf(body.id)).to.deep.equal(['image.queued', 'image.ready']);
    const { rows } = await images.db.pool.query('SELECT original FROM images WHERE id = $1', [
      body.id,
    ]);
    expect(rows[0].original, 'the upload is forgotten').to.equal(null);
  });

  for (const format of ['jpeg', 'png', 'webp', 'avif'] as const) {
    it(`takes ${format}`, async () => {
      const id = await images.add(await picture({ shade: 3 }, format), `image/${format}`);
      expect((await images.settled(id)).status).to.equal('ready');
    });
  }

  it('never enlarges', async () => {
    const id = await images.add(await picture({ width: 300, height: 20 }));
    const { renditions } = await images.settled(id);
    expect(renditions.map(({ width }) => width)).to.deep.equal([160, 300]);
  });

  it('turns pictures upright and leaves out what else they say', async () => {
    const sideways = await plain(400, 200)
      .withExif({ IFD0: { Orientation: '6', Copyright: 'planted-secret' } })
      .jpeg()
      .toBuffer();
    const marked = await sharp(sideways)
      .keepMetadata()
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect(marked.includes('planted-secret')).to.equal(true);
    const { renditions } = await images.settled(await images.add(bytesOf(marked), 'image/jpeg'));
    expect(renditions.at(-1)).to.include({ width: 200, height: 400 });
    const file = await fileOf(renditions.at(-1)?.url ?? '');
    expect(await sharp(file).metadata()).to.not.have.any.keys('exif', 'icc', 'xmp');
    expect(file.includes('planted-secret')).to.equal(false);
  });

  it('keeps equal content once', async () => {
    const bytes = await picture({ shade: 77, width: 500 });
    const [first, second] = [await images.add(bytes), await images.add(bytes)];
    const renditions = (await images.settled(first)).renditions;
    expect((await images.settled(second)).renditions).to.deep.equal(renditions);
    const { rows } = await images.db.pool.query(
      'SELECT count(*)::int AS uses, count(DISTINCT hash)::int AS blobs FROM renditions WHERE image_id = ANY($1)',
      [[first, second]],
    );
    expect(rows[0]).to.deep.equal({ uses: 6, blobs: 3 });
  });

  it('is only for those who are signed in, and seen by its owner and admins alone', async () => {
    const anonymous = await fetch(`${images.url}/api/v1/images`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: await picture(),
    });
    expect(anonymous.status).to.equal(401);
    const id = await images.add(await picture());
    const statusFor = async (principal: string, role?: string) =>
      (await fetch(`${images.url}/api/v1/images/${id}`, { headers: asPrincipal(principal, role) }))
        .status;
    const stranger = uuidv7(systemClock);
    expect(await statusFor(owner)).to.equal(200);
    expect(await statusFor(stranger)).to.equal(404);
    expect(await statusFor(stranger, 'admin')).to.equal(200);
  });

  const names = ['', 'image/gif', 'image/svg+xml', 'text/html', 'multipart/form-data', 'image/*'];
  for (const type of names) {
    it(`refuses the content type '${type}'`, async () => {
      const { status } = await images.upload(await picture(), type);
      expect(status).to.equal(415);
    });
  }

  const impostors: Record<string, string | Buffer> = {
    svg: '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    html: '<!doctype html><script>alert(1)</script>',
    pdf: '%PDF-1.7\n1 0 obj',
    gif: Buffer.from('R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==', 'base64'),
    mvg: 'push graphic-context\nviewbox 0 0 640 480\nfill \'url(https://example.com/x.jpg"|ls "-la)\'',
    'a short file': Buffer.from([0xff]),
    'an MP4': Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isommp42', 'latin1'),
  };
  for (const [name, content] of Object.entries(impostors)) {
    it(`refuses ${name} that calls itself a picture`, async () => {
      for (const type of ['image/jpeg', 'image/avif']) {
        const { status, body } = await images.upload(bytesOf(Buffer.from(content)), type);
        expect([status, body.reason]).to.deep.equal([415, 'unsupported_format']);
      }
    });
  }

  it('refuses one format that calls itself another', async () => {
    expect((await images.upload(await picture(), 'image/jpeg')).status).to.equal(415);
    expect((await images.upload(await picture({}, 'webp'), 'image/avif')).status).to.equal(415);
  });

  it('keeps nothing of an archive that hangs on a picture', async () => {
    const polyglot = Buffer.concat([
      await picture({}, 'jpeg'),
      Buffer.from('PK\x03\x04planted-archive'),
    ]);
    const { status, renditions } = await images.settled(
      await images.add(bytesOf(polyglot), 'image/jpeg'),
    );
    expect(status).to.equal('ready');
    for (const { url } of renditions) {
      expect((await fileOf(url)).includes('planted-archive')).to.equal(false);
    }
  });

  it('refuses an empty body and one of more than ten mebibytes, also when it is compressed', async () => {
    expect((await images.upload(new Uint8Array())).status).to.equal(400);
    const large = bytesOf(Buffer.concat([await picture(), randomBytes(10 * MEBIBYTE)]));
    const chunked = await fetch(`${images.url}/api/v1/images`, {
      method: 'POST',
      headers: { ...asPrincipal(owner), 'content-type': 'image/png' },
      ...{ body: new Blob([large]).stream(), duplex: 'half' },
    }).then(
      ({ status }) => status,
      () => 'closed',
    );
    expect(chunked).to.be.oneOf([413, 'closed']);
    const bomb = bytesOf(gzipSync(Buffer.alloc(64 * MEBIBYTE)));
    expect(
      (await images.upload(bomb, 'image/png', { 'content-encoding': 'gzip' })).status,
    ).to.equal(413);
    const { rows } = await images.db.pool.query(
      `SELECT count(*)::int AS large FROM images WHERE length(original) > ${10 * MEBIBYTE}`,
    );
    expect(rows[0].large).to.equal(0);
  });
});

describe('uploading while the queue is full', () => {
  it('asks to come back later, and takes nothing in', async () => {
    const images = await startImages();
    try {
      await images.db.pool.query(
        `INSERT INTO images (id, owner_id, original)
         SELECT gen_random_uuid(), gen_random_uuid(), 'x' FROM generate_series(1, 300)`,
      );
      const { status, headers, body } = await images.upload(await picture());
      expect([status, body.reason]).to.deep.equal([503, 'queue_full']);
      expect(headers.get('retry-after')).to.equal('10');
    } finally {
      await images.stop();
    }
  });
});
