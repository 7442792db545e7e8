import { expect } from 'chai';
import { ProblemError } from '@faultline/chassis/errors';
import { expandPath } from '@faultline/chassis/http-client';
import { asPrincipal } from '@faultline/chassis/testing/app';
import type { Neighbour } from '../src/neighbours.ts';
import { type PageName, pages, type Reliance } from '../src/pages.ts';
import { formOf } from '../src/product-form.ts';
import { account, type BackOffice, level, order, product, startBackOffice } from './shop.ts';

const { id } = product();

/** A form that each action accepts. */
const forms: Readonly<Partial<Record<PageName, Record<string, string>>>> = {
  saveProduct: formOf(product()),
  setStock: { available: '4', version: '7' },
  setProductStock: { available: '4', version: '7' },
  changeAccount: { role: 'admin' },
};

describe('the back office’s pages', () => {
  let office: BackOffice;
  before(async () => {
    office = await startBackOffice();
  });
  after(() => office.close());
  beforeEach(() => office.shop.reset());

  function visit(name: PageName, headers?: Record<string, string>) {
    const { method, path } = pages[name];
    const url = expandPath(path, { id });
    return method === 'GET'
      ? office.get(url, headers)
      : office.post(url, forms[name] ?? {}, headers);
  }

  // Object.keys widens to string[]; the keys of a const object are exactly PageName.
  const names = Object.keys(pages) as PageName[];
  for (const name of names) {
    const { method, asks } = pages[name];

    it(`${name}: ${method === 'GET' ? 'is shown' : 'leads to a page after it is done'}`, async () => {
      const { status, headers, html } = await visit(name);
      if (method === 'GET') {
        expect(status).to.equal(200);
        expect(html)
          .to.match(/^<!doctype html>/)
          .and.include('<h1>');
        expect(html).not.to.include('class="notice');
        expectProtected(headers);
      } else {
        expect(status).to.equal(303);
        expect(headers.get('location')).to.match(/^\/admin\//);
        expect(headers.get('cache-control')).to.include('no-store');
        expect((await office.get(headers.get('location') ?? '')).status).to.equal(200);
      }
    });

    it(`${name}: is for admins only`, async () => {
      for (const [headers, status] of [
        [{}, 401],
        [asPrincipal(account().id), 403],
      ] as const) {
        const reply = await visit(name, headers);
        expect(reply.status).to.equal(status);
        expect(reply.html).not.to.include('/admin/orders"');
        expectProtected(reply.headers);
      }
      expect(office.shop.asked).to.deep.equal([]);
    });

    for (const [neighbour, reliance] of Object.entries(asks)) {
      it(`${name}: says what is missing without ${neighbour}`, async () => {
        // The keys of `asks` are neighbours.
        await expectWithout(name, neighbour as Neighbour, reliance);
      });
    }
  }

  /** What is asked only after a refusal is missed only then. */
  const afterRefusal: Readonly<Partial<Record<PageName, [operation: string, after: Neighbour]>>> = {
    setStock: ['inventorySetStock', 'inventory'],
    setProductStock: ['inventorySetStock', 'inventory'],
    refundOrder: ['ordersRefundOrder', 'orders'],
  };

  async function expectWithout(name: PageName, neighbour: Neighbour, reliance: Reliance) {
    const [operation, first] = afterRefusal[name] ?? [];
    const refused = operation !== undefined && first !== neighbour;
    if (refused) {
      const code = operation === 'ordersRefundOrder' ? 'conflict' : 'precondition_failed';
      office.shop.refuses(operation, new ProblemError(code, 'Too late.'));
    }
    office.shop.down.add(neighbour);
    const { status, headers, html } = await visit(name);
    expect(html).to.include(reliance.notice);
    if (reliance.needed) {
      expect(status).to.equal(503);
      expect(headers.get('retry-after')).to.equal('5');
    } else {
      expect(html).to.include('class="notice warn"');
    }
  }

  function expectProtected(headers: Headers): void {
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).to.include("default-src 'none'").and.not.include('unsafe');
    expect(policy).to.include("frame-ancestors 'none'").and.include("form-action 'self'");
    expect(headers.get('cache-control')).to.include('no-store');
    expect(headers.get('x-content-type-options')).to.equal('nosniff');
    expect(headers.get('content-type')).to.equal('text/html; charset=utf-8');
  }

  it('wait only briefly for what they can do without', async () => {
    await office.get('/admin/stock');
    const left = (operation: string) =>
      Number(office.shop.last(operation)?.headers['x-request-timeout-ms']);
    expect(left('quoteProducts')).to.be.within(1, 1_500);
    expect(left('inventoryListStock')).to.be.within(1_501, 5_000);
  });

  it('show whatever text there is as text', async () => {
    const evil = `"><script>alert('x')</script>&amp;`;
    const { shop } = office;
    const line = order().lines.map((item) => ({ ...item, name: evil }));
    const evilOrder = order({
      lines: line,
      failure_reason: 'rejected',
      failure_detail: evil,
      shipping_address: { ...order().shipping_address, name: evil },
    });
    const evilProduct = product({ name: evil, description: evil, attributes: { a: evil } });
    const one = (body: unknown) => () => ({ status: 200, body });
    const list = (item: unknown) => one({ items: [item], next_cursor: null });
    shop.answers('catalogListProducts', list(evilProduct));
    shop.answers('catalogReadProduct', one(evilProduct));
    shop.answers('quoteProducts', list({ ...evilProduct, product_id: id }));
    shop.answers('ordersListOrders', list(evilOrder));
    shop.answers('ordersGetOrder', one(evilOrder));
    shop.answers('profilesListAccounts', list(account({ name: evil, email: evil })));
    shop.answers('readAccount', one(account({ email: evil })));
    for (const name of names.filter((page) => pages[page].method === 'GET')) {
      const { status, html } = await visit(name);
      expect(status, name).to.equal(200);
      expect(html, name).not.to.include('<script').and.not.include(`">alert`);
      expect(html, name).to.include('&lt;script');
    }
    const search = await office.get(`/admin/products?q=${encodeURIComponent(evil)}`);
    expect(search.html).to.include('value="&quot;>&lt;script').and.not.include('<script');
  });

  for (const path of [
    '/admin/products/nothing',
    '/admin/products/%00',
    '/admin/products/%zz',
    '/admin/products/../etc',
    '/admin/orders/%3Cscript%3E',
    `/admin/orders/${id.toUpperCase()}`,
    '/admin/nowhere',
  ]) {
    it(`answer ${path} with a page that says it is not there`, async () => {
      const { status, html, headers } = await office.get(path);
      expect(status).to.equal(404);
      expect(html).to.include('<h1>Not found</h1>').and.not.include('<script');
      expectProtected(headers);
      expect(office.shop.asked).to.deep.equal([]);
    });
  }

  it('answer a query they cannot use with a page that says so', async () => {
    for (const query of ['q=%00', `q=${'x'.repeat(201)}`, 'cursor=%22', 'page=2']) {
      const { status, html } = await office.get(`/admin/products?${query}`);
      expect(status, query).to.equal(400);
      expect(html, query).to.include('<h1>That did not work</h1>');
    }
    expect((await office.get('/admin/orders?status=lost')).status).to.equal(400);
    expect(office.shop.asked).to.deep.equal([]);
    office.shop.refuses('ordersListOrders', new ProblemError('invalid_request', 'no'));
    const { status, html } = await office.get('/admin/orders?cursor=b3RoZXI');
    expect(status).to.equal(400);
    expect(html).to.include('cursor');
  });

  it('refuse forms that are too large, of another kind, or hold NUL', async () => {
    const path = `/admin/products/${id}`;
    expect((await office.post(path, `name=${'x'.repeat(70_000)}`)).status).to.equal(413);
    expect((await office.post(path, 'name=a%00b')).status).to.equal(400);
    const headers = { ...asPrincipal(account().id, 'admin'), 'content-type': 'text/plain' };
    const response = await fetch(office.url + path, { method: 'POST', headers, body: 'name=x' });
    expect(response.status).to.equal(415);
    expect(office.shop.asked).to.deep.equal([]);
  });

  it('answer 405 where nothing can be posted', async () => {
    const { status, headers } = await office.post('/admin/orders', {});
    expect(status).to.equal(405);
    expect(headers.get('allow')).to.include('GET');
  });

  it('have a style sheet that may be kept for ever under the name they give it', async () => {
    const { html } = await office.get('/admin');
    const [, href = ''] = /<link rel="stylesheet" href="([^"]+)"/.exec(html) ?? [];
    const css = await office.get(href, {});
    expect(css.status).to.equal(200);
    expect(css.headers.get('content-type')).to.include('text/css');
    expect(css.headers.get('cache-control')).to.include('immutable');
    const old = await office.get('/admin/assets/admin.css?v=old', {});
    expect(old.headers.get('cache-control')).to.equal('no-cache');
  });

  it('link to the next page with the query as it is', async () => {
    office.shop.answers('ordersListOrders', () => ({
      status: 200,
      body: { items: [order()], next_cursor: 'abc' },
    }));
    const { html } = await office.get('/admin/orders?status=confirmed');
    expect(html).to.include('href="/admin/orders?status=confirmed&amp;cursor=abc"');
    expect(html).to.match(/status=confirmed" aria-current="true"/);
    await office.get('/admin/orders?status=confirmed&cursor=abc');
    expect(office.shop.last('ordersListOrders')?.query).to.deep.equal({
      limit: 50,
      status: 'confirmed',
      cursor: 'abc',
    });
  });

  it('show an empty shop', async () => {
    const nothing = () => ({ status: 200, body: { items: [], next_cursor: null } });
    for (const operation of [
      'catalogListProducts',
      'inventoryListStock',
      'ordersListOrders',
      'profilesListAccounts',
    ]) {
      office.shop.answers(operation, nothing);
    }
    for (const name of ['overview', 'products', 'stock', 'orders', 'accounts'] as const) {
      expect((await visit(name)).html, name).to.include('class="empty"');
    }
    expect(office.shop.last('quoteProducts')).to.equal(undefined);
  });

  it('name products that run out, and those no longer on sale by their id', async () => {
    const gone = product({ slug: 'gone' }).id;
    const items = [level({ available: 2 }), level({ product_id: gone, available: 0 })];
    office.shop.answers('inventoryListStock', () => ({
      status: 200,
      body: { items, next_cursor: null },
    }));
    const { html } = await office.get('/admin');
    expect(html).to.include('>Lamp</a>').and.include(`>Not on sale: ${gone}</a>`);
    expect(office.shop.last('inventoryListStock')?.query).to.include({ available_below: 5 });
  });
});
