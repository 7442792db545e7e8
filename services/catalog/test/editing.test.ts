import { expect } from 'chai';
import { uuidv7 } from '@faultline/chassis/ids';
import { systemClock } from '@faultline/chassis/clock';
import { type Catalog, draft, startCatalog } from './catalog.ts';

describe('editing products', () => {
  let catalog: Catalog;
  const at = (id: string) => `/internal/v1/products/${id}`;
  before(async () => {
    catalog = await startCatalog();
  });
  after(() => catalog.stop());

  it('creates a product that can be read by id and by slug', async () => {
    const attributes = { colour: 'red', sizes: ['S', 'M'], weight_g: 1.5, washable: false };
    const created = await catalog.add({ slug: 'shirt', attributes });
    expect(created).to.include({ slug: 'shirt', status: 'active', version: 1 });
    expect(await catalog.read(at('shirt'))).to.deep.equal(created);
    expect(await catalog.read(at(created.id))).to.deep.equal(created);
    expect(created.attributes).to.deep.equal(attributes);
    expect(await catalog.eventsOf(created.id)).to.deep.equal(['product.created 1']);
  });

  it('keeps slugs unique', async () => {
    const first = await catalog.add();
    const second = await catalog.add();
    const again = await catalog.call('POST', '/internal/v1/products', draft({ slug: first.slug }));
    expect([again.status, again.body.reason]).to.deep.equal([409, 'slug_taken']);
    const moved = await catalog.call('PUT', at(second.id), {
      ...draft(),
      slug: first.slug,
      version: 1,
    });
    expect([moved.status, moved.body.reason]).to.deep.equal([409, 'slug_taken']);
    expect(await catalog.eventsOf(second.id)).to.deep.equal(['product.created 1']);
  });

  it('lets one of two admins who saw the same version win', async () => {
    const { id } = await catalog.add();
    const replies = await Promise.all(
      ['Blue', 'Green', 'Red', 'White'].map((name) =>
        catalog.call('PUT', at(id), { ...draft({ name }), version: 1 }),
      ),
    );
    const winners = replies.filter(({ status }) => status === 200);
    expect(winners).to.have.length(1);
    const losers = replies.filter(({ status }) => status === 412);
    expect(losers.map(({ body }) => body.reason)).to.deep.equal(Array(3).fill('stale_version'));
    expect(await catalog.read(at(id))).to.deep.equal(winners[0]?.body);
    expect(await catalog.eventsOf(id)).to.deep.equal(['product.created 1', 'product.changed 2']);
  });

  it('takes an archived product off the shop but not out of the back office', async () => {
    const { id, slug } = await catalog.add();
    expect((await catalog.call('DELETE', at(id))).status).to.equal(204);
    expect((await catalog.call('GET', at(id))).status).to.equal(404);
    expect((await catalog.call('GET', at(slug))).status).to.equal(404);
    const { items } = await catalog.read(`/internal/v1/products?q=${slug}`);
    expect(items[0]).to.include({ id, status: 'archived', version: 2 });
    expect(await catalog.read(`${at(id)}/any`)).to.deep.equal(items[0]);
  });

  it('lets an archived product be edited and, when told so, put back on sale', async () => {
    const { id, slug } = await catalog.add();
    await catalog.call('DELETE', at(id));
    const edited = await catalog.call('PUT', at(id), { ...draft({ slug }), version: 2 });
    expect(edited.body).to.include({ status: 'archived', version: 3 });
    expect((await catalog.call('GET', at(slug))).status).to.equal(404);
    const restored = await catalog.call('PUT', at(id), {
      ...draft({ slug }),
      version: 3,
      status: 'active',
    });
    expect(restored.body).to.include({ status: 'active', version: 4 });
    expect(await catalog.read(at(slug))).to.deep.equal(restored.body);
    expect(await catalog.eventsOf(id)).to.deep.equal([
      'product.created 1',
      'product.archived 2',
      'product.changed 3',
      'product.changed 4',
    ]);
  });

  it('archives once, however often it is asked', async () => {
    const { id } = await catalog.add();
    const replies = await Promise.all([1, 2, 3].map(() => catalog.call('DELETE', at(id))));
    expect(replies.map(({ status }) => status)).to.deep.equal([204, 204, 204]);
    expect(await catalog.eventsOf(id)).to.deep.equal(['product.created 1', 'product.archived 2']);
  });

  it('answers 404 for a product that was never there', async () => {
    const id = uuidv7(systemClock);
    expect((await catalog.call('PUT', at(id), { ...draft(), version: 1 })).status).to.equal(404);
    expect((await catalog.call('DELETE', at(id))).status).to.equal(404);
    expect((await catalog.call('GET', `${at(id)}/any`)).status).to.equal(404);
    expect((await catalog.call('GET', at('no-such-thing'))).status).to.equal(404);
  });

  it('refuses fields that are not an editor’s to set', async () => {
    for (const extra of [{ id: uuidv7(systemClock) }, { status: 'active' }, { images: [] }]) {
      const { status } = await catalog.call('POST', '/internal/v1/products', draft(extra));
      expect(status, JSON.stringify(extra)).to.equal(400);
    }
    for (const wrong of [
      { attributes: { 'Not Snake': 1 } },
      { attributes: { nested: { a: 1 } } },
      { attributes: Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`a${i}`, 1])) },
      { price: { amount: -1, currency: 'EUR' } },
      { slug: '../etc' },
    ]) {
      const { status } = await catalog.call('POST', '/internal/v1/products', draft(wrong));
      expect(status, JSON.stringify(wrong)).to.equal(400);
    }
  });

  it('is closed to customers', async () => {
    const response = await fetch(`${catalog.url}/internal/v1/products`, {
      headers: { 'x-principal-id': uuidv7(systemClock), 'x-principal-role': 'customer' },
    });
    expect(response.status).to.equal(403);
  });

  it('lists all products by name, page by page', async () => {
    const names = ['zebra 9', 'Zebra 10', 'äzebra', 'zebra 1'];
    for (const name of names) await catalog.add({ name });
    const first = await catalog.read('/internal/v1/products?q=ZEBRA&limit=3');
    const second = await catalog.read(
      `/internal/v1/products?q=ZEBRA&limit=3&cursor=${first.next_cursor}`,
    );
    const listed = [...first.items, ...second.items].map((item: { name: string }) => item.name);
    expect(listed).to.deep.equal(['äzebra', 'zebra 1', 'Zebra 10', 'zebra 9']);
    expect(second.next_cursor).to.equal(null);
  });

  it('quotes what is on sale and leaves out the rest', async () => {
    const [sold, archived] = [await catalog.add(), await catalog.add()];
    await catalog.call('DELETE', at(archived.id));
    const product_ids = [archived.id, sold.id, uuidv7(systemClock)];
    const { status, body } = await catalog.call('POST', '/internal/v1/quotes', { product_ids });
    expect(status).to.equal(200);
    const { slug, name, price } = sold;
    expect(body.items).to.deep.equal([{ product_id: sold.id, slug, name, price, images: [] }]);
  });
});
