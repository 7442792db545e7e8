import { expect } from 'chai';
import { ProblemError } from '@faultline/chassis/errors';
import { formOf } from '../src/product-form.ts';
import {
  account,
  adminId,
  type BackOffice,
  level,
  order,
  product,
  startBackOffice,
} from './shop.ts';

const { id } = product();
const at = `/admin/products/${id}`;
const typed = { ...formOf(product()), name: 'New <name>', price: '12,5' };

/** The inputs of a page, by name. */
function inputs(html: string): Record<string, string> {
  const found = [...html.matchAll(/<input (?<attributes>(?:[^">]|"[^"]*")*)>/g)].map((match) => {
    const attributes = match.groups?.['attributes'] ?? '';
    const value = (name: string) => new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1];
    return [value('name') ?? '', value('value') ?? ''] as const;
  });
  return Object.fromEntries(found);
}

describe('changes in the back office', () => {
  let office: BackOffice;
  before(async () => {
    office = await startBackOffice();
  });
  after(() => office.close());
  beforeEach(() => office.shop.reset());

  describe('of products', () => {
    it('create what was typed', async () => {
      const { status, headers } = await office.post('/admin/products/new', typed);
      expect([status, headers.get('location')]).to.deep.equal([303, `${at}?saved`]);
      const body = office.shop.last('catalogCreateProduct')?.body;
      expect(body).to.deep.include({
        name: 'New <name>',
        price: { amount: 1_250, currency: 'EUR' },
        attributes: product().attributes,
      });
      expect((await office.get(`${at}?saved`)).html).to.include('Saved.');
    });

    it('say which version they replace', async () => {
      await office.post(at, typed);
      const asked = office.shop.last('catalogUpdateProduct');
      expect(asked?.params).to.deep.equal({ id });
      expect(asked?.body).to.include({ version: 3, name: 'New <name>' }).and.not.have.key('status');
    });

    it('put an archived product back on sale when told so', async () => {
      office.shop.answers('catalogReadProduct', () => ({
        status: 200,
        body: product({ status: 'archived' }),
      }));
      const { html } = await office.get(at);
      expect(html).to.include('Save and sell again').and.not.include('Archive product');
      await office.post(at, { ...typed, archived: 'yes', status: 'active' });
      expect(office.shop.last('catalogUpdateProduct')?.body).to.include({ status: 'active' });
    });

    it('point at each field that does not fit and keep what was typed', async () => {
      const { status, html } = await office.post(at, { ...typed, price: '1e3', slug: 'A b' });
      expect(status).to.equal(400);
      expect(inputs(html)).to.include({
        price: '1e3',
        slug: 'A b',
        name: 'New &lt;name>',
        version: '3',
      });
      expect(html).to.include('id="price-error"').and.include('id="slug-error"');
      expect(html).to.match(/name="price" aria-invalid="true" aria-describedby="price-error"/);
      expect(html).to.include('role="alert"');
      expect(office.shop.asked).to.deep.equal([]);
    });

    it('keep what was typed when somebody else was faster, and link to their version', async () => {
      office.shop.refuses('catalogUpdateProduct', new ProblemError('precondition_failed', 'x'));
      const { status, html } = await office.post(at, typed);
      expect(status).to.equal(412);
      expect(inputs(html)).to.include({ name: 'New &lt;name>', price: '12,5', version: '3' });
      expect(html).to.include('Somebody else changed').and.include(`<a href="${at}">`);
    });

    it('keep what was typed when the slug is taken', async () => {
      const detail = 'Another product has the slug lamp.';
      office.shop.refuses('catalogCreateProduct', new ProblemError('conflict', detail));
      const { status, html } = await office.post('/admin/products/new', typed);
      expect(status).to.equal(409);
      expect(html).to.include(detail).and.include('action="/admin/products/new"');
      expect(inputs(html)).to.include({ name: 'New &lt;name>' });
    });

    it('keep what was typed when the catalog does not answer', async () => {
      office.shop.down.add('catalog');
      const { status, html } = await office.post(at, { ...typed, description: 'a</textarea>b' });
      expect(status).to.equal(503);
      expect(inputs(html)).to.include({ name: 'New &lt;name>' });
      expect(html).to.include('a&lt;/textarea>b');
    });

    it('are refused for a form that is none of ours', async () => {
      expect((await office.post(at, { ...typed, version: '0' })).status).to.equal(400);
      expect((await office.post('/admin/products/lamp', typed)).status).to.equal(404);
      office.shop.refuses('catalogUpdateProduct', new ProblemError('not_found', 'gone'));
      expect((await office.post(at, typed)).status).to.equal(404);
    });

    it('archive, asking twice', async () => {
      const { html } = await office.get(at);
      expect(html).to.match(/<details[^>]*>\s*<summary>Archive product…<\/summary>/);
      const { status, headers } = await office.post(`${at}/archive`, {});
      expect([status, headers.get('location')]).to.deep.equal([303, at]);
      expect(office.shop.last('catalogArchiveProduct')?.params).to.deep.equal({ id });
      office.shop.refuses('catalogArchiveProduct', new ProblemError('not_found', 'x'));
      expect((await office.post(`${at}/archive`, {})).status).to.equal(404);
    });

    it('begin from no stock where the inventory knows none', async () => {
      office.shop.refuses('inventoryReadStock', new ProblemError('not_found', 'x'));
      expect(inputs((await office.get(at)).html)).to.include({ available: '0', version: '0' });
    });
  });

  for (const [from, path, back] of [
    ['the list', `/admin/stock/${id}?cursor=abc`, '/admin/stock?cursor=abc'],
    ['a product', `${at}/stock`, `${at}?saved`],
  ] as const) {
    describe(`of stock, from ${from}`, () => {
      it('set what was typed and lead back', async () => {
        const { status, headers } = await office.post(path, { available: ' 4 ', version: '7' });
        expect([status, headers.get('location')]).to.deep.equal([303, back]);
        const asked = office.shop.last('inventorySetStock');
        expect(asked?.params).to.deep.equal({ id });
        expect(asked?.body).to.deep.equal({ available: 4, version: 7 });
      });

      it('are refused when the stock changed meanwhile, and keep what was typed', async () => {
        office.shop.refuses('inventorySetStock', new ProblemError('precondition_failed', 'x'));
        for (const operation of ['inventoryListStock', 'inventoryReadStock']) {
          const now = level({ version: 8, available: 11 });
          office.shop.answers(operation, () => ({
            status: 200,
            body: operation === 'inventoryListStock' ? { items: [now], next_cursor: null } : now,
          }));
        }
        const { status, html } = await office.post(path, { available: '4', version: '7' });
        expect(status).to.equal(412);
        expect(html).to.include('changed meanwhile');
        expect(inputs(html)).to.include({ available: '4' });
        // Sent again it replaces what the editor now sees.
        expect(html).to.match(/name="version" value="8"/);
      });

      it('are refused for what is no count, and keep what was typed', async () => {
        for (const available of ['', '1e3', '-1', '4.5', '0x10', '1000001', '"><b>']) {
          const { status, html } = await office.post(path, { available, version: '7' });
          expect(status, available).to.equal(400);
          expect(html, available).to.include('whole number').and.not.include('<b>');
          const kept = available.replace('"', '&quot;').replace('<', '&lt;');
          expect(inputs(html), available).to.include({ available: kept });
        }
        expect(office.shop.last('inventorySetStock')).to.equal(undefined);
      });
    });
  }

  describe('of orders', () => {
    const path = `/admin/orders/${order().id}`;

    it('refund, asking twice', async () => {
      const { html } = await office.get(path);
      expect(html).to.include('Refund order…').and.include('Refund €258.00');
      const { status, headers } = await office.post(`${path}/refund`, {});
      expect([status, headers.get('location')]).to.deep.equal([303, path]);
      expect(office.shop.last('ordersRefundOrder')?.params).to.deep.equal({ id: order().id });
    });

    it('offer no refund of an order that is not confirmed, and say why it failed', async () => {
      office.shop.answers('ordersGetOrder', () => ({
        status: 200,
        body: order({ status: 'failed', failure_reason: 'out_of_stock', failure_detail: 'Sold.' }),
      }));
      const { html } = await office.get(path);
      expect(html).to.include('Failed: out of stock. Sold.').and.not.include('Refund order');
    });

    it('show why a refund was refused', async () => {
      office.shop.refuses('ordersRefundOrder', new ProblemError('conflict', 'Not refundable.'));
      const { status, html } = await office.post(`${path}/refund`, {});
      expect(status).to.equal(409);
      expect(html).to.include('Not refundable.').and.include('Order ');
      office.shop.refuses('ordersRefundOrder', new ProblemError('not_found', 'x'));
      expect((await office.post(`${path}/refund`, {})).status).to.equal(404);
    });

    it('name the account, or its id when it is gone', async () => {
      expect((await office.get(path)).html).to.include('>ann@example.test</a>');
      office.shop.refuses('readAccount', new ProblemError('not_found', 'x'));
      expect((await office.get(path)).html).to.include(order().account_id);
    });
  });

  describe('of accounts', () => {
    const path = `/admin/accounts/${account().id}`;

    it('send one change and lead back to the same list', async () => {
      for (const [form, change] of [
        [{ role: 'admin' }, { role: 'admin' }],
        [{ disabled: 'true' }, { disabled: true }],
        [{ disabled: 'false' }, { disabled: false }],
      ] as const) {
        const { status, headers } = await office.post(`${path}?q=ann`, form);
        expect([status, headers.get('location')]).to.deep.equal([303, '/admin/accounts?q=ann']);
        expect(office.shop.last('profilesUpdateAccount')?.body).to.deep.equal(change);
      }
    });

    it('are refused unless a button of ours asks for them', async () => {
      const wrong = ['', 'role=root', 'disabled=yes', 'disabled=', 'role=admin&disabled=true'];
      for (const form of [...wrong, 'disabled=constructor', 'name=x', 'role=admin&role=customer']) {
        expect((await office.post(path, form)).status, form).to.equal(400);
      }
      expect(office.shop.asked).to.deep.equal([]);
    });

    it('show why the last admin stays one', async () => {
      const detail = 'The last admin must stay one.';
      office.shop.refuses('profilesUpdateAccount', new ProblemError('conflict', detail));
      const { status, html } = await office.post(path, { role: 'customer' });
      expect(status).to.equal(409);
      expect(html).to.include(detail).and.include('ann@example.test');
      office.shop.refuses('profilesUpdateAccount', new ProblemError('not_found', 'x'));
      expect((await office.post(path, { role: 'customer' })).status).to.equal(404);
    });

    it('are offered for everybody but the admin who looks', async () => {
      const { html } = await office.get('/admin/accounts');
      expect(html).to.include(`action="${path}"`).and.include('This is you');
      expect(html).not.to.include(`action="/admin/accounts/${adminId}"`);
    });
  });
});
