import { expect } from 'chai';
import { type Images, startImages } from './images.ts';
import { picture } from './pictures.ts';

describe('delivering renditions', () => {
  let images: Images;
  let url: string;
  before(async () => {
    images = await startImages();
    images.startRelay();
    images.startWorker();
    const { renditions } = await images.settled(await images.add(await picture()));
    url = `${images.url}${renditions[0]?.url}`;
  });
  after(() => images.stop());

  it('may be kept for ever and never runs as a page', async () => {
    const response = await fetch(url);
    expect(response.status).to.equal(200);
    expect(Object.fromEntries(response.headers)).to.include({
      'content-type': 'image/webp',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      etag: `"${/[0-9a-f]{64}/.exec(url)?.[0]}"`,
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.toString('latin1', 8, 12)).to.equal('WEBP');
  });

  it('answers HEAD without the bytes', async () => {
    const length = (await (await fetch(url)).arrayBuffer()).byteLength;
    const response = await fetch(url, { method: 'HEAD' });
    expect(response.status).to.equal(200);
    expect(response.headers.get('content-length')).to.equal(String(length));
    expect((await response.arrayBuffer()).byteLength).to.equal(0);
  });

  it('answers 304 to those who have it', async () => {
    const etag = (await fetch(url)).headers.get('etag') ?? '';
    for (const header of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const response = await fetch(url, { headers: { 'if-none-match': header } });
      expect(response.status, header).to.equal(304);
      expect(response.headers.get('cache-control')).to.include('immutable');
    }
    expect((await fetch(url, { headers: { 'if-none-match': '"other"' } })).status).to.equal(200);
  });

  it('knows no other names', async () => {
    const hash = '0'.repeat(64);
    for (const name of [
      `${hash}.webp`,
      hash,
      `${hash}.png`,
      '..%2Fetc%2Fpasswd',
      'x.webp',
      '%00.webp',
    ]) {
      const response = await fetch(`${images.url}/media/${name}`);
      expect(response.status, name).to.equal(404);
      expect(response.headers.get('cache-control'), name).to.equal('no-store');
    }
  });
});
