import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { image, kettle, lamp, pan, product } from './sample.ts';
import { openShop, type Shop } from './shop.ts';

describe('storefront: browsing', () => {
  const clock = new FakeClock(Date.UTC(2026, 2, 3, 14, 5));
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop({ clock });
  });
  afterEach(async () => await shop.close());

  it('shows categories and the newest products on the first page', async () => {
    const { status, text, headers } = await shop.get('/');
    expect(status).to.equal(200);
    expect(headers.get('content-type')).to.equal('text/html; charset=utf-8');
    expect(text).to.match(/^<!doctype html><html lang="en">/);
    expect(text).to.contain('href="/categories/lighting"').and.contain('Slow kettle');
    expect(text).to.contain('€49.00');
    expect(shop.world.searches).to.have.lengthOf(1);
    expect(shop.world.searches[0]).to.include({ sort: 'newest', limit: 8 });
  });

  it('greets those who are signed in, and nobody else', async () => {
    expect((await shop.get('/', { signedIn: true })).text).to.contain('Welcome back, Ada Lovelace');
    expect((await shop.get('/')).text).not.to.contain('Welcome back');
  });

  it('offers the way to the back office to admins only', async () => {
    expect((await shop.get('/', { role: 'admin' })).text).to.contain('href="/admin"');
    expect((await shop.get('/', { signedIn: true })).text).not.to.contain('/admin');
  });

  it('searches by words, attributes and order, and keeps them in the form', async () => {
    const { text } = await shop.get(
      '/search?q=pan&attr.material=steel&attr.material=iron&sort=price',
    );
    expect(shop.world.searches[0]).to.deep.include({
      q: 'pan',
      sort: 'price',
      'attr.material': ['steel', 'iron'],
    });
    expect(text).to.contain('Results for “pan”').and.contain('1 product');
    expect(text).to.contain('Iron pan').and.not.contain('Slow kettle');
    expect(text).to.match(/<input type="checkbox"[^>]*name="attr.material" value="steel" checked/);
    expect(text).to.match(/<option value="price" selected/);
    expect(text).to.contain('aria-label="Remove Material: steel"');
  });

  it('keeps a filter in sight that no product has any more', async () => {
    const { text } = await shop.get('/search?attr.colour=red');
    expect(text).to.match(/name="attr.colour" value="red" checked/);
  });

  it('leads to the next page and back to the first', async () => {
    shop.world.nextCursor = 'next_one';
    const { text } = await shop.get('/search?sort=name&cursor=this_one');
    expect(text).to.contain('href="/search?sort=name&amp;cursor=next_one"');
    expect(text).to.contain('href="/search?sort=name"');
  });

  it('says so when nothing matches', async () => {
    const { status, text } = await shop.get('/search?q=submarine');
    expect(status).to.equal(200);
    expect(text).to.contain('Nothing matches').and.contain('0 products');
  });

  it('shows a category, and a 404 for one that does not exist', async () => {
    const { text } = await shop.get('/categories/lighting');
    expect(text).to.contain('>Lighting</h1>').and.contain(lamp.name);
    expect(text).not.to.contain(pan.name);
    expect(shop.world.searches[0]).to.include({ category: 'lighting' });
    expect((await shop.get('/categories/weapons')).status).to.equal(404);
    expect((await shop.get('/categories/No%20Slug')).status).to.equal(404);
  });

  it('shows a product with its pictures, its attributes and what is left of it', async () => {
    shop.world.products = [product('Slow kettle', { images: [image('a'), image('b')] })];
    const { text } = await shop.get('/products/slow-kettle');
    expect(text).to.contain('srcset="/media/a-320.webp 320w, /media/a-640.webp 640w');
    expect(text).to.match(/width="1280" height="960" alt="Slow kettle" loading="eager"/);
    expect(text).to.contain('href="/media/b-1280.webp"');
    expect(text).to.match(/Weight<\/th><td>1,200 g/);
    expect(text).to.contain('In stock').and.contain('Add to basket');
  });

  for (const [left, words, canBuy] of [
    [12, 'In stock', true],
    [3, 'Only 3 left', true],
    [0, 'Sold out', false],
  ] as const) {
    it(`says “${words}” when ${left} are left`, async () => {
      shop.world.available.set(kettle.id, left);
      const { text } = await shop.get('/products/slow-kettle');
      expect(text).to.contain(words);
      expect(text.includes('Add to basket')).to.equal(canBuy);
    });
  }

  it('draws layers of rock for a product without a picture, the same ones everywhere', async () => {
    const drawing = /<svg class="strata tint-\d"[^>]*viewBox="0 0 400 300".*?<\/svg>/;
    const [inDetail] = drawing.exec((await shop.get('/products/iron-pan')).text) ?? [];
    expect(inDetail).to.be.a('string');
    expect((await shop.get('/search?q=iron')).text).to.contain(inDetail);
  });

  it('stays a light page with as many products as one shows', async () => {
    shop.world.products = Array.from({ length: 24 }, (_, index) => product(`Product ${index}`));
    expect(Buffer.byteLength((await shop.get('/search')).text)).to.be.below(64 * 1024);
  });

  it('never loads pictures from elsewhere', async () => {
    const elsewhere = image('a').renditions.map((one) => ({
      ...one,
      url: `//evil.example${one.url}`,
    }));
    const images = [{ ...image('a'), renditions: elsewhere }];
    shop.world.products = [product('Slow kettle', { images })];
    expect((await shop.get('/products/slow-kettle')).text).not.to.contain('evil.example');
  });

  it('shows the last good list, with its time, while the catalog is down', async () => {
    await shop.get('/');
    await shop.get('/categories/lighting');
    await clock.advance(60 * 60_000);
    shop.world.trouble.set('catalog', 'down');
    for (const [path, name] of [
      ['/', kettle.name],
      ['/categories/lighting', lamp.name],
    ] as const) {
      const { status, text } = await shop.get(path);
      expect(status, path).to.equal(200);
      expect(text, path).to.contain(name);
      expect(text, path).to.match(/As of <time datetime="[^"]+">1\d:05 UTC<\/time>/);
    }
  });

  it('says that it has nothing to show when the catalog is down from the start', async () => {
    shop.world.trouble.set('catalog', 'down');
    expect((await shop.get('/')).text).to.contain('The shelves cannot be shown right now');
    const { status, text } = await shop.get('/search');
    expect(status).to.equal(503);
    expect(text).to.contain('The catalogue does not answer').and.contain('href="/search"');
  });

  it('does not wait for a slow neighbour that only adds a greeting', async () => {
    shop.world.trouble.set('profiles', 'silent');
    const startedMs = performance.now();
    const { status, text } = await shop.get('/', { signedIn: true });
    expect(performance.now() - startedMs).to.be.below(5_000);
    expect(status).to.equal(200);
    expect(text).to.contain(kettle.name).and.not.contain('Welcome back');
  });
});
