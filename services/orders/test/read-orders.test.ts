import { expect } from 'chai';
import { alice, asOrder, bob, draft, type Replica, Shop } from './shop.ts';

describe('reading orders', () => {
  let shop: Shop;
  let orders: Replica;
  const ids = { alice: new Array<string>(), bob: new Array<string>() };

  before(async () => {
    shop = await Shop.open();
    orders = await shop.replica();
    for (let i = 0; i < 5; i++) {
      const body = draft(i === 2 ? { payment: { token: 'tok_declined' } } : {});
      const placed = await orders.place(`a${i}`, body, alice);
      ids.alice.unshift(String(placed.headers.get('location')?.split('/').at(-1)));
    }
    ids.bob.push(
      asOrder(await orders.place('b', draft({ items: [{ ...first(), quantity: 1 }] }), bob)).id,
    );
  });
  after(() => shop.close());

  const first = () => ({ product_id: [...shop.neighbours.stock.levels.keys()][0] });
  const idsOf = (body: { items?: Record<string, unknown>[] }) => body.items?.map(({ id }) => id);

  it('lists one’s own, newest first', async () => {
    const { status, body } = await orders.request('GET', '/api/v1/orders');
    expect(status).to.equal(200);
    expect(idsOf(body)).to.deep.equal(ids.alice);
    expect(body['next_cursor']).to.equal(null);
  });

  it('pages through them without gap or repetition, while new ones come', async () => {
    const seen: unknown[] = [];
    let path = '/api/v1/orders?limit=2';
    for (let page = 0; page < 3; page++) {
      const { body } = await orders.request('GET', path);
      seen.push(...(idsOf(body) ?? []));
      path = `/api/v1/orders?limit=2&cursor=${String(body['next_cursor'])}`;
      await orders.place(`new${page}`, draft({ payment: { token: 'tok_declined' } }));
    }
    expect(seen).to.deep.equal(ids.alice);
  });

  for (const query of [
    ...[
      'cursor=x',
      'cursor=%00',
      `cursor=${Buffer.from('{"id":"1; DROP"}').toString('base64url')}`,
    ],
    ...['limit=0', 'limit=-1', 'limit=1e9', 'sort=total', 'account_id=other'],
  ]) {
    it(`refuses ?${query}`, async () => {
      const answer = await orders.request('GET', `/api/v1/orders?${query}`);
      expect(answer.status).to.equal(400);
    });
  }

  it('shows one’s own order', async () => {
    const answer = await orders.request('GET', `/api/v1/orders/${ids.alice[0]}`);
    expect(asOrder(answer)).to.include({ id: ids.alice[0], account_id: alice });
  });

  for (const path of ['', '/events']) {
    it(`tells nobody that somebody else’s order exists (GET …${path})`, async () => {
      const theirs = await orders.request('GET', `/api/v1/orders/${ids.bob[0]}${path}`);
      const none = await orders.request('GET', `/api/v1/orders/${missing}${path}`);
      expect([theirs.status, none.status]).to.deep.equal([404, 404]);
      expect(theirs.body['detail']).to.equal(none.body['detail']);
      expect((await orders.request('GET', `/api/v1/orders/1${path}`)).status).to.equal(400);
    });
  }

  it('lets admins list all, by status, and see any', async () => {
    const list = (query: string) =>
      orders.request('GET', `/internal/v1/orders?${query}`, { role: 'admin' });
    const confirmed = await list('status=confirmed&limit=100');
    expect(idsOf(confirmed.body)).to.have.members([...ids.alice.toSpliced(2, 1), ...ids.bob]);
    expect((await list('status=lost')).status).to.equal(400);
    const one = await orders.request('GET', `/internal/v1/orders/${ids.bob[0]}`, { role: 'admin' });
    expect(asOrder(one).account_id).to.equal(bob);
  });

  for (const path of ['/internal/v1/orders', `/internal/v1/orders/${'0'.repeat(8)}`]) {
    it(`keeps ${path} for admins`, async () => {
      expect((await orders.request('GET', path)).status).to.equal(403);
    });
  }
});

const missing = '01990000-0000-7000-8000-0000000000ff';
