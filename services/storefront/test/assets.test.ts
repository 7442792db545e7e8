import { expect } from 'chai';
import { openShop, type Shop } from './shop.ts';

describe('storefront: assets', () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
  });
  after(async () => await shop.close());

  it('may be kept for ever under the address that pages use', async () => {
    const [url = ''] = /\/assets\/shop\.css\?v=[\w-]+/.exec((await shop.get('/')).text) ?? [];
    const { status, headers, text } = await shop.get(url);
    expect(status).to.equal(200);
    expect(headers.get('content-type')).to.equal('text/css; charset=utf-8');
    expect(headers.get('cache-control')).to.equal('public, max-age=31536000, immutable');
    expect(text).to.contain('.products');
  });

  for (const query of ['', '?v=older', '?v=a&v=b']) {
    it(`are checked again under the address ${query || 'without a version'}`, async () => {
      const { headers } = await shop.get(`/assets/shop.css${query}`);
      expect(headers.get('cache-control')).to.equal('no-cache');
    });
  }

  it('come compressed to those who can read that', async () => {
    const { headers, text } = await shop.get('/assets/base.css', {
      headers: { 'Accept-Encoding': 'br' },
    });
    expect(headers.get('content-encoding')).to.equal('br');
    expect(headers.get('vary')).to.equal('Accept-Encoding');
    expect(text).to.contain('--paper');
    const plain = await shop.get('/assets/base.css', { headers: { 'Accept-Encoding': 'gzip' } });
    expect(plain.headers.get('content-encoding')).to.equal(null);
    expect(plain.text).to.equal(text);
  });

  it('are not missed by pages where scripts were never bundled', async () => {
    const { status, text } = await shop.get('/search');
    expect(status).to.equal(200);
    expect(text).not.to.contain('<script');
  });

  for (const name of ['nothing.css', '..%2fpackage.json', 'package.json']) {
    it(`do not include ${name}`, async () => {
      const { status, headers } = await shop.get(`/assets/${name}`);
      expect(status).to.equal(404);
      expect(headers.get('content-type')).to.match(/problem\+json/);
    });
  }
});
