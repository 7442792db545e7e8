import { expect } from 'chai';
import { type Body, type Catalog, startCatalog } from './catalog.ts';

describe('searching products', () => {
  let catalog: Catalog;
  const slugs = (body: Body) => body.items.map((item) => item.slug);
  const search = (query: string) => catalog.read(`/api/v1/products?${query}`);
  const find = async (query: string) => slugs(await search(query));

  before(async () => {
    catalog = await startCatalog();
    await catalog.add({
      slug: 'desk-lamp',
      name: 'Desk Lamp',
      description: 'Light for readers and writers.',
      category: 'lamps',
      price: { amount: 9_000, currency: 'EUR' },
      attributes: { colour: 'coral', lumens: 700, dimmable: true, material: ['steel', 'oak'] },
    });
    await catalog.add({
      slug: 'floor-lamp',
      name: 'Floor Lamp',
      description: 'Stands beside a desk.',
      category: 'lamps',
      price: { amount: 24_000, currency: 'EUR' },
      attributes: { colour: 'brass', lumens: 1100, dimmable: true, material: ['brass'] },
    });
    await catalog.add({
      slug: 'tent',
      name: 'Émile’s Tent 100%',
      description: 'Two poles, no lamps.',
      category: 'tents',
      price: { amount: 9_000, currency: 'EUR' },
      attributes: { colour: 'coral', persons: 2, dimmable: 'true' },
    });
  });
  after(() => catalog.stop());

  it('finds words in any form, the best match first', async () => {
    expect(await find('q=desks')).to.deep.equal(['desk-lamp', 'floor-lamp']);
    expect(await find('q=reading')).to.deep.equal([]);
    expect(await find('q=writer')).to.deep.equal(['desk-lamp']);
  });

  it('finds products while their name is being typed', async () => {
    expect(await find('q=flo')).to.deep.equal(['floor-lamp']);
    expect(await find('q=desk%20la')).to.include('desk-lamp');
    expect(await find('q=ém')).to.deep.equal(['tent']);
  });

  it('searches attributes and categories too', async () => {
    expect(await find('q=oak')).to.deep.equal(['desk-lamp']);
    expect(await find('q=1100')).to.deep.equal(['floor-lamp']);
    expect(await find('q=tents')).to.deep.equal(['tent']);
  });

  it('understands phrases, alternatives and exclusions', async () => {
    expect(await find(`q=${encodeURIComponent('"floor lamp"')}`)).to.deep.equal(['floor-lamp']);
    expect(await find('q=brass+or+tent')).to.have.members(['floor-lamp', 'tent']);
    expect(await find('q=lamp+-floor+-tent')).to.deep.equal(['desk-lamp']);
  });

  it('takes operators of LIKE, tsquery, JSON paths and SQL as plain text', async () => {
    expect(await find('q=%25')).to.deep.equal(['tent']);
    for (const text of [
      '_',
      "' OR 1=1 --",
      '&|!():*',
      'z & | q',
      '<->',
      ':*',
      '\\',
      '$.attributes[*] ? (@ == 1)',
      '{"a":1}',
      '"',
      '-',
      '((((((((((',
      '\u{1f9f5}'.repeat(50),
    ]) {
      const { status, body } = await catalog.call(
        'GET',
        `/api/v1/products?q=${encodeURIComponent(text)}`,
      );
      expect(status, text).to.equal(200);
      expect(body.total, text).to.equal(0);
    }
    expect(await find(`attr.colour=${encodeURIComponent("coral' OR '1'='1")}`)).to.deep.equal([]);
    expect(await find(`attr.colour=${encodeURIComponent('%')}`)).to.deep.equal([]);
  });

  it('refuses what is no search', async () => {
    for (const query of [
      'sort=price_amount',
      'limit=0',
      'limit=1000000000',
      'page=-1',
      'attr.Colour=x',
      'attr.colour->x=1',
      `q=${'a'.repeat(201)}`,
      'category=..%2F',
      'q=a%00b',
      'q=a&q=b',
    ]) {
      const { status, body } = await catalog.call('GET', `/api/v1/products?${query}`);
      expect([status, body.type], query).to.deep.equal([400, 'urn:problem:invalid_request']);
    }
  });

  it('filters by attributes: text, numbers, booleans and members of lists', async () => {
    expect(await find('attr.colour=coral')).to.have.members(['desk-lamp', 'tent']);
    expect(await find('attr.lumens=700')).to.deep.equal(['desk-lamp']);
    expect(await find('attr.material=brass')).to.deep.equal(['floor-lamp']);
    expect(await find('attr.dimmable=true')).to.have.members(['desk-lamp', 'floor-lamp', 'tent']);
    expect(await find('attr.persons=3')).to.deep.equal([]);
  });

  it('reads a repeated filter as alternatives and different ones together', async () => {
    expect(await find('attr.colour=coral&attr.colour=brass')).to.have.length(3);
    expect(await find('attr.colour=coral&attr.lumens=700')).to.deep.equal(['desk-lamp']);
    expect(await find('attr.colour=coral&category=tents')).to.deep.equal(['tent']);
  });

  it('counts the attributes of everything that matches, not of the page', async () => {
    const { total, facets, items } = await search('limit=1');
    expect(items).to.have.length(1);
    expect(total).to.equal(3);
    expect(facets).to.deep.include({
      name: 'colour',
      values: [
        { value: 'coral', count: 2 },
        { value: 'brass', count: 1 },
      ],
    });
    expect(facets).to.deep.include({ name: 'dimmable', values: [{ value: 'true', count: 3 }] });
    expect(facets.find((facet) => facet.name === 'material')?.values).to.have.length(3);
  });

  it('says nothing matched without an error', async () => {
    expect(await search('q=zeppelin')).to.deep.equal({
      items: [],
      next_cursor: null,
      total: 0,
      facets: [],
    });
  });

  it('lists the categories with what they hold', async () => {
    expect((await catalog.read('/api/v1/categories')).items).to.deep.equal([
      { slug: 'lamps', name: 'Lamps', product_count: 2 },
      { slug: 'tents', name: 'Tents', product_count: 1 },
    ]);
  });
});

describe('facets of many attributes', () => {
  let catalog: Catalog;
  before(async () => {
    catalog = await startCatalog();
    for (let i = 0; i < 25; i++) {
      const rare = Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`rare_${n}_${i}`, 1]));
      await catalog.add({ attributes: { common: i, ...rare } });
    }
  });
  after(() => catalog.stop());

  it('shows twelve names, those most products have first, and twenty values of each', async () => {
    const { facets } = await catalog.read('/api/v1/products');
    expect(facets).to.have.length(12);
    expect(facets[0]?.name).to.equal('common');
    expect(facets[0]?.values).to.have.length(20);
  });
});
