import { expect } from 'chai';
import type { Endpoint } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { expandPath } from '@faultline/chassis/http-client';
import { asPrincipal } from '@faultline/chassis/testing/app';
import * as admin from '@faultline/contracts/admin';
import {
  account,
  adminId,
  type BackOffice,
  level,
  order,
  product,
  startBackOffice,
} from './shop.ts';

const asAdmin = asPrincipal(adminId, 'admin');
const { id: productId, ...productFields } = product();
const { slug, name, description, category, price, attributes, image_ids } = productFields;
const draft = { slug, name, description, category, price, attributes, image_ids };

type Case = {
  endpoint: Endpoint;
  /** The operation of a neighbour that does it. */
  theirs: string;
  body?: unknown;
  query?: Record<string, string>;
  answer: { status: number; body?: unknown };
};

const page = (item: unknown) => ({
  status: 200,
  body: { items: [item], next_cursor: null },
});

const cases: Case[] = [
  {
    endpoint: admin.listProducts,
    theirs: 'catalogListProducts',
    query: { q: 'la & mp', cursor: 'abc' },
    answer: page(product()),
  },
  {
    endpoint: admin.getProduct,
    theirs: 'catalogReadProduct',
    answer: { status: 200, body: product() },
  },
  {
    endpoint: admin.createProduct,
    theirs: 'catalogCreateProduct',
    body: draft,
    answer: { status: 201, body: product() },
  },
  {
    endpoint: admin.updateProduct,
    theirs: 'catalogUpdateProduct',
    body: { ...draft, version: 3 },
    answer: { status: 200, body: product() },
  },
  { endpoint: admin.archiveProduct, theirs: 'catalogArchiveProduct', answer: { status: 204 } },
  {
    endpoint: admin.listStock,
    theirs: 'inventoryListStock',
    query: { available_below: '5' },
    answer: page(level()),
  },
  {
    endpoint: admin.getStock,
    theirs: 'inventoryReadStock',
    answer: { status: 200, body: level() },
  },
  {
    endpoint: admin.setStock,
    theirs: 'inventorySetStock',
    body: { available: 4, version: 7 },
    answer: { status: 200, body: level() },
  },
  {
    endpoint: admin.listOrders,
    theirs: 'ordersListOrders',
    query: { status: 'confirmed' },
    answer: page(order()),
  },
  { endpoint: admin.getOrder, theirs: 'ordersGetOrder', answer: { status: 200, body: order() } },
  {
    endpoint: admin.refundOrder,
    theirs: 'ordersRefundOrder',
    answer: { status: 202, body: order({ status: 'refunding' }) },
  },
  {
    endpoint: admin.listAccounts,
    theirs: 'profilesListAccounts',
    query: { q: 'ann@' },
    answer: page(account()),
  },
  {
    endpoint: admin.updateAccount,
    theirs: 'profilesUpdateAccount',
    body: { disabled: true },
    answer: { status: 200, body: account({ disabled: true }) },
  },
];

describe('the back office’s API', () => {
  let office: BackOffice;
  before(async () => {
    office = await startBackOffice();
  });
  after(() => office.close());
  beforeEach(() => office.shop.reset());

  async function send(
    { endpoint, body, query = {} }: Omit<Case, 'theirs' | 'answer'>,
    headers = asAdmin,
  ) {
    const path = expandPath(endpoint.path, { id: productId });
    const response = await fetch(`${office.url}${path}?${new URLSearchParams(query)}`, {
      method: endpoint.method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { response, body: text === '' ? undefined : JSON.parse(text) };
  }

  it('has a case below for each of its operations', () => {
    expect(cases.map(({ endpoint }) => endpoint)).to.have.members([...admin.adminApi]);
  });

  for (const tested of cases) {
    const { endpoint, theirs, answer } = tested;

    it(`${endpoint.id} passes on what was asked and what was answered`, async () => {
      office.shop.answers(theirs, () => answer);
      const { response, body } = await send(tested);
      expect(response.status).to.equal(answer.status);
      expect(body).to.deep.equal(answer.body);
      const asked = office.shop.last(theirs);
      if (tested.body) expect(asked?.body).to.deep.equal(tested.body);
      for (const [key, value] of Object.entries(tested.query ?? {})) {
        expect(String(Reflect.get(Object(asked?.query), key))).to.equal(value);
      }
      if (endpoint.params) expect(asked?.params).to.deep.equal({ id: productId });
      expect(asked?.headers).to.include(asAdmin);
    });

    it(`${endpoint.id} is for admins only`, async () => {
      expect((await send(tested, {})).response.status).to.equal(401);
      expect((await send(tested, asPrincipal(account().id))).response.status).to.equal(403);
      expect(office.shop.asked).to.deep.equal([]);
    });
  }

  it('passes a refusal on as a problem of its own address', async () => {
    office.shop.refuses(
      'catalogUpdateProduct',
      new ProblemError('precondition_failed', 'Too late.', { reason: 'stale_version' }),
    );
    const { response, body } = await send({
      endpoint: admin.updateProduct,
      body: { ...draft, version: 1 },
    });
    expect(response.status).to.equal(412);
    expect(response.headers.get('content-type')).to.include('application/problem+json');
    expect(body).to.include({ status: 412, reason: 'stale_version', detail: 'Too late.' });
    expect(body.instance).to.equal(`/api/v1/admin/products/${productId}`);
  });

  it('says which service does not answer', async () => {
    office.shop.down.add('orders');
    const { response, body } = await send({ endpoint: admin.listOrders });
    expect(response.status).to.equal(503);
    expect(response.headers.get('retry-after')).to.equal('1');
    expect(body).to.include({ dependency: 'orders', retryable: true });
  });

  it('blames its caller, not the service, for a cursor of another list', async () => {
    office.shop.refuses('profilesListAccounts', new ProblemError('invalid_request', 'no'));
    const { response, body } = await send({ endpoint: admin.listAccounts, query: { cursor: 'x' } });
    expect(response.status).to.equal(400);
    expect(body.detail).to.include('cursor');
  });

  it('refuses bad input itself', async () => {
    const wrong: Omit<Case, 'theirs' | 'answer'>[] = [
      { endpoint: admin.listOrders, query: { status: 'lost' } },
      { endpoint: admin.listOrders, query: { limit: '1000' } },
      { endpoint: admin.listProducts, query: { q: 'a\0b' } },
      { endpoint: admin.setStock, body: { available: -1, version: 0 } },
      { endpoint: admin.createProduct, body: { ...draft, status: 'active' } },
      { endpoint: admin.updateAccount, body: { role: 'root' } },
    ];
    for (const input of wrong) {
      const { response, body } = await send(input);
      expect(response.status, input.endpoint.id).to.equal(400);
      expect(body.type, input.endpoint.id).to.equal('urn:problem:invalid_request');
    }
    expect(office.shop.asked).to.deep.equal([]);
  });

  it('keeps its own headers, not those of the service behind', async () => {
    const { response } = await send({ endpoint: admin.getOrder });
    expect(response.headers.get('content-type')).to.equal('application/json; charset=utf-8');
    expect(response.headers.get('x-service-version')).to.equal('1.0.0');
  });
});
