import { expect } from 'chai';
import { type Catalog, startCatalog } from './catalog.ts';

describe('paging through products', () => {
  let catalog: Catalog;
  before(async () => {
    catalog = await startCatalog();
    const prices = [300, 100, 200, 200, 200, 400, 100];
    for (const [i, amount] of prices.entries()) {
      await catalog.add({
        slug: `cup-${i}`,
        name: `${'Cup Äpfel ßtraße "\\" '.repeat(i === 0 ? 9 : 1)}${i % 3}`,
        price: { amount, currency: 'EUR' },
        description: 'cup '.repeat(i + 1),
      });
    }
  });
  after(() => catalog.stop());

  async function walk(query: string, limit: number): Promise<string[]> {
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const next: string = cursor ? `&cursor=${cursor}` : '';
      const page = await catalog.read(`/api/v1/products?${query}&limit=${limit}${next}`);
      expect(page.total).to.equal(7);
      seen.push(...page.items.map((item: { slug: string }) => item.slug));
      cursor = page.next_cursor;
    }
    return seen;
  }

  for (const query of ['sort=price', 'sort=-price', 'sort=name', 'sort=newest', 'q=cup']) {
    it(`meets every product once, in one order whatever the page size (${query})`, async () => {
      const whole = await walk(query, 100);
      expect(new Set(whole).size).to.equal(7);
      expect(await walk(query, 2)).to.deep.equal(whole);
      expect(await walk(query, 3)).to.deep.equal(whole);
    });
  }

  it('sorts by price both ways and by age', async () => {
    const prices = async (sort: string) =>
      (await catalog.read(`/api/v1/products?sort=${sort}`)).items.map(
        (item: { price: { amount: number } }) => item.price.amount,
      );
    expect(await prices('price')).to.deep.equal([100, 100, 200, 200, 200, 300, 400]);
    expect(await prices('-price')).to.deep.equal([400, 300, 200, 200, 200, 100, 100]);
    expect((await walk('sort=newest', 100))[0]).to.equal('cup-6');
  });

  it('neither repeats nor skips when products come and go between the pages', async () => {
    const first = await catalog.read('/api/v1/products?sort=price&limit=3');
    const added = await catalog.add({ price: { amount: 50, currency: 'EUR' } });
    const rest = await catalog.read(
      `/api/v1/products?sort=price&limit=10&cursor=${first.next_cursor}`,
    );
    await catalog.call('DELETE', `/internal/v1/products/${added.id}`);
    const ids = [...first.items, ...rest.items].map((item: { id: string }) => item.id);
    expect(ids).to.have.length(7);
    expect(new Set(ids).size).to.equal(7);
  });

  it('refuses a cursor of another query, a forged one and one from another list', async () => {
    const { next_cursor: cursor } = await catalog.read('/api/v1/products?sort=price&limit=2');
    const all = await catalog.read('/internal/v1/products?limit=2');
    const own = JSON.parse(Buffer.from(cursor ?? '', 'base64url').toString());
    const forge = (fields: unknown) => Buffer.from(JSON.stringify(fields)).toString('base64url');
    for (const query of [
      `sort=-price&cursor=${cursor}`,
      `sort=price&q=cup&cursor=${cursor}`,
      `sort=price&attr.a=1&cursor=${cursor}`,
      `sort=price&cursor=${all.next_cursor}`,
      'sort=price&cursor=AAAA',
      `sort=price&cursor=${forge({ ...own, id: 'not-an-id' })}`,
      `sort=price&cursor=${forge({ ...own, key: 'not a price' })}`,
      `sort=price&cursor=${forge({ ...own, key: '\0' })}`,
      `sort=price&cursor=${forge([own])}`,
    ]) {
      const { status, body } = await catalog.call('GET', `/api/v1/products?${query}`);
      expect([status, body.type], query).to.deep.equal([400, 'urn:problem:invalid_request']);
    }
  });
});
