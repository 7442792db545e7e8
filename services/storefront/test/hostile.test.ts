import { expect } from 'chai';
import { account, address, categories, kettle, order, product } from './sample.ts';
import { type Answer, openShop, type Shop } from './shop.ts';

const EVIL = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
const signedIn = { signedIn: true, cookie: `faultline_basket=${kettle.id}.1` };

/** Nothing of `EVIL` became markup: no tag was opened and no attribute ended. */
function expectInert({ text, status }: Answer): void {
  expect(status).to.be.below(500);
  expect(text).to.contain('alert(1)');
  expect(text).not.to.contain('<script>alert').and.not.contain('<img src=x');
  const tags = text.match(/<[a-z][^<>]*>/gi) ?? [];
  for (const tag of tags) expect(tag).not.to.match(/\sonerror=|\sstyle=/);
}

describe('storefront: hostile input', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop();
    shop.world.products = [
      product('Slow kettle', {
        name: EVIL,
        description: EVIL,
        attributes: { material: EVIL, colours: [EVIL] },
      }),
    ];
    shop.world.categories = [{ ...categories[0], slug: 'kitchen', name: EVIL, product_count: 1 }];
    shop.world.facets = [{ name: 'material', values: [{ value: EVIL, count: 1 }] }];
    shop.world.account = { ...account, name: EVIL };
    shop.world.addresses = [{ ...address, line1: EVIL }];
    const [line] = order().lines;
    if (!line) throw new Error('the sample order has no line');
    shop.world.orders = [
      order({ status: 'failed', failure_detail: EVIL, lines: [{ ...line, name: EVIL }] }),
    ];
  });
  afterEach(async () => await shop.close());

  for (const path of [
    '/',
    '/search',
    `/search?q=${encodeURIComponent(EVIL)}&attr.material=${encodeURIComponent(EVIL)}`,
    '/categories/kitchen',
    '/products/slow-kettle',
    '/basket',
    '/checkout',
    `/orders/${order().id}`,
    '/account',
  ]) {
    it(`is text on ${path.slice(0, 40)}`, async () => expectInert(await shop.get(path, signedIn)));
  }

  it('is text in a form that is shown again', async () => {
    const fields = { email: EVIL, password: 'x', next: EVIL };
    const answer = await shop.post('/sign-in', fields);
    expect(answer.status).to.equal(422);
    expectInert(answer);
  });

  it('is text on a page about an error', async () => {
    expectInert(await shop.post('/basket/items', { [EVIL]: '1' }));
  });

  for (const path of ['/', '/sign-in', '/nowhere', '/products/%3Cscript%3E']) {
    it(`meets a strict policy on ${path}`, async () => {
      const { headers, text } = await shop.get(path);
      expect(headers.get('content-security-policy')).to.equal(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
          "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers.get('x-content-type-options')).to.equal('nosniff');
      expect(text).not.to.match(/<style|<script(?![^>]* src="\/assets\/)|\sstyle=|\son\w+="/);
    });
  }

  for (const [what, path, status] of [
    ['NUL in the search', '/search?q=a%00b', 400],
    ['NUL in a path', '/products/a%00b', 404],
    ['a broken escape', '/products/%E0%A4%A', 404],
    ['a cursor the catalog does not know', '/search?cursor=worn', 400],
    ['a cursor with markup', '/search?cursor=%3Cb%3E', 400],
    ['an unknown order of results', '/search?sort=price;DROP', 400],
    [
      'too many filters',
      `/search?${Array.from({ length: 11 }, (_, i) => `attr.a${i}=1`).join('&')}`,
      400,
    ],
    ['a path out of the assets', '/assets/..%2f..%2fpackage.json', 404],
    ['a page nobody has', '/nowhere', 404],
  ] as const) {
    it(`answers ${what} with ${status}`, async () => {
      const { status: answered, text } = await shop.get(path);
      expect(answered).to.equal(status);
      expect(text)
        .not.to.contain('ZodError')
        .and.not.match(/\bat .*\.ts:\d+/);
    });
  }

  it('shows problems in people’s words, with the id of the trace', async () => {
    const { text, headers } = await shop.get('/nowhere');
    expect(headers.get('content-type')).to.match(/^text\/html/);
    expect(headers.get('cache-control')).to.equal('no-store');
    expect(text)
      .to.contain('There is nothing here')
      .and.match(/<code>[0-9a-f]{32}<\/code>/);
  });

  it('refuses forms that are too large, of another type or cut up', async () => {
    const large = await shop.post('/sign-in', { email: 'a'.repeat(40_000) });
    expect(large.status).to.equal(413);
    const json = await fetch(`${shop.url}/sign-in`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    });
    expect(json.status).to.equal(415);
    expect((await shop.post('/sign-in', 'email=a%00b')).status).to.equal(400);
    expect((await shop.post('/sign-in', 'email=a&email=b')).status).to.equal(400);
  });

  it('tells what is possible for a method that is not', async () => {
    const reply = await fetch(`${shop.url}/basket/items`, { method: 'DELETE' });
    expect(reply.status).to.equal(405);
    expect(reply.headers.get('allow')).to.equal('POST');
  });

  it('answers HEAD without a body', async () => {
    const reply = await fetch(`${shop.url}/`, { method: 'HEAD' });
    expect(reply.status).to.equal(200);
    expect(await reply.text()).to.equal('');
  });
});
