import type { Endpoint } from '@faultline/chassis/endpoint';
import { apis } from '@faultline/contracts/edge';
import { expect } from 'chai';
import { z } from 'zod';
import { describeApi, type OpenApiDocument } from '@faultline/contracts/openapi';
import { type Fixture, startGateway } from './fixture.ts';

const endpoints: Endpoint[] = Object.values(apis).flat();
const isPublic = ({ path }: Endpoint) => path === '/api' || path.startsWith('/api/');
const id = '01980000-0000-7000-8000-0000000000aa';
const time = '2026-01-01T00:00:00.000Z';
const price = { amount: 1_200, currency: 'EUR' };
const address = { name: 'A', line1: 'Street 1', city: 'Town', postal_code: '1', country: 'DE' };
const credentials = { email: 'pc@example.org', password: 'correct horse' };
const account = {
  id,
  email: 'pc@example.org',
  name: 'A',
  role: 'customer',
  disabled: false,
  created_at: time,
};
const draft = {
  slug: 'blue-mug',
  name: 'Blue mug',
  description: 'A mug.',
  category: 'mugs',
  price,
  attributes: { colour: 'blue', litres: 0.3, tags: ['a'] },
  image_ids: [id],
};
const rendition = { width: 1, height: 1, media_type: 'image/webp', url: '/media/x' };
const product = {
  ...draft,
  id,
  images: [{ image_id: id, renditions: [rendition] }],
  status: 'active',
  version: 1,
  created_at: time,
  updated_at: time,
};
const order = {
  id,
  account_id: id,
  status: 'confirmed',
  failure_reason: null,
  failure_detail: null,
  lines: [
    { product_id: id, slug: 'blue-mug', name: 'Mug', quantity: 1, unit_price: price, total: price },
  ],
  total: price,
  shipping_address: address,
  created_at: time,
  updated_at: time,
};
const stock = {
  product_id: id,
  received: 3,
  available: 1,
  reserved: 1,
  sold: 1,
  version: 2,
  updated_at: time,
};

const bodies: Record<string, Record<string, unknown>> = {
  createAccount: { ...credentials, name: 'A' },
  createSession: credentials,
  updateMe: { name: 'B' },
  addAddress: address,
  placeOrder: {
    items: [{ product_id: id, quantity: 2 }],
    shipping_address: address,
    payment: { token: 'tok_ok' },
  },
  adminCreateProduct: draft,
  adminUpdateProduct: { ...draft, version: 1 },
  adminSetStock: { available: 3, version: 1 },
  adminUpdateAccount: { role: 'admin', disabled: true },
};

const replies: Record<string, [status: number, body: Record<string, unknown>]> = {
  searchProducts: [200, { items: [product], next_cursor: null, total: 1, facets: [] }],
  listCategories: [200, { items: [{ slug: 'mugs', name: 'Mugs', product_count: 1 }] }],
  getProduct: [200, { ...product, stock: null, degraded: ['inventory'] }],
  createAccount: [201, account],
  createSession: [201, { access_token: 'a', token_type: 'Bearer', expires_in: 900, account }],
  addAddress: [201, { id, ...address }],
  placeOrder: [201, order],
  listOrders: [200, { items: [order], next_cursor: 'abc' }],
  getImage: [200, { id, status: 'ready', reason: null, renditions: [rendition] }],
  adminSetStock: [200, stock],
  adminListAccounts: [200, { items: [account], next_cursor: null }],
};

/** The value, and the value with each member missing, of another type, and with one too many. */
function variants(value: Record<string, unknown>): unknown[] {
  const keys = Object.keys(value);
  return [
    value,
    ...keys.map((key) =>
      Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)),
    ),
    ...keys.flatMap((key) =>
      [{}, 'x\u0007', -1, null, []].map((other) => ({ ...value, [key]: other })),
    ),
    { ...value, unknown_member: 1 },
    [value],
    null,
  ];
}

describe('the OpenAPI document', () => {
  const document = describeApi({ apis, version: '1.2.3' });
  const text = JSON.stringify(document);

  function operation(endpoint: Endpoint) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    return document.paths[path]?.[endpoint.method.toLowerCase()];
  }

  /** A validator made of the document alone. */
  function validatorOf(schema: unknown): z.ZodType {
    // Patterns are Unicode patterns by JSON Schema; the converter compiles them without that flag.
    const plain = (part: unknown) =>
      JSON.stringify(part)
        .replaceAll('#/components/schemas/', '#/$defs/')
        .replaceAll(String.raw`\\P{Cc}`, String.raw`[^\\u0000-\\u001f\\u007f-\\u009f]`)
        .replaceAll(String.raw`\\p{Cc}`, String.raw`\\u0000-\\u001f\\u007f-\\u009f`);
    const schemas = JSON.parse(plain(document.components['schemas']));
    return z.fromJSONSchema({ ...JSON.parse(plain(schema)), $defs: schemas });
  }

  it('holds every public operation, and nothing internal', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const expected = endpoints
      .filter(isPublic)
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(documented.toSorted()).to.deep.equal(expected.toSorted());
    expect(text).not.to.contain('/internal');
    for (const endpoint of endpoints.filter((one) => !isPublic(one))) {
      expect(text).not.to.contain(`"operationId":"${endpoint.id}"`);
    }
  });

  it('is well-formed: unique ids, declared path parameters, described replies, no loose ends', () => {
    expect(document.openapi).to.match(/^3\.1\.\d$/);
    const ids = endpoints.filter(isPublic).map((endpoint) => operation(endpoint)?.['operationId']);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const endpoint of endpoints.filter(isPublic)) {
      const { parameters, responses } = z
        .object({
          parameters: z.array(
            z.object({
              name: z.string(),
              in: z.enum(['path', 'query', 'header']),
              schema: z.object(),
            }),
          ),
          responses: z.record(
            z.string().regex(/^[1-5]\d\d$/),
            z.object({ description: z.string().min(1) }),
          ),
        })
        .parse(operation(endpoint));
      const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => `:${name}`);
      expect(inPath).to.deep.equal(endpoint.path.match(/:\w+/g) ?? []);
      expect(Object.keys(responses)).to.include.members(Object.keys(endpoint.replies));
      expect(Object.keys(responses)).to.include('429');
    }
    const schemas = Object.keys(document.components['schemas'] ?? {});
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      expect(schemas).to.include(name);
    }
  });

  it('asks for a token exactly where the gateway does', async () => {
    const fixture: Fixture = await startGateway();
    try {
      for (const endpoint of endpoints.filter(isPublic)) {
        const url = `${fixture.url}${endpoint.path.replace(/:\w+/g, id)}`;
        const { status } = await fetch(url, { method: endpoint.method });
        const secured = JSON.stringify(operation(endpoint)?.['security']).includes('bearer');
        expect(status === 401, `${endpoint.id} answered ${status}`).to.equal(secured);
      }
    } finally {
      await fixture.stop();
    }
  });

  for (const [name, body] of Object.entries(bodies)) {
    it(`accepts and refuses what ${name} accepts and refuses`, () => {
      const endpoint = endpoints.find((one) => one.id === name);
      const described = z
        .object({
          requestBody: z.object({
            content: z.object({ 'application/json': z.object({ schema: z.unknown() }) }),
          }),
        })
        .parse(endpoint && operation(endpoint));
      const validator = validatorOf(described.requestBody.content['application/json'].schema);
      expect(endpoint?.body?.safeParse(body).success).to.equal(true);
      for (const variant of variants(body)) {
        const accepted = endpoint?.body?.safeParse(variant).success;
        expect(validator.safeParse(variant).success, JSON.stringify(variant)).to.equal(accepted);
      }
    });
  }

  for (const [name, [status, body]] of Object.entries(replies)) {
    it(`describes what ${name} answers`, () => {
      const endpoint = endpoints.find((one) => one.id === name);
      const { responses } = z
        .object({
          responses: z.record(
            z.string(),
            z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })) }),
          ),
        })
        .parse(endpoint && operation(endpoint));
      const validator = validatorOf(responses[status]?.content['application/json']?.schema);
      const schema = endpoint?.replies[status];
      expect(schema?.safeParse(body).success).to.equal(true);
      for (const variant of variants(body)) {
        const accepted = schema?.safeParse(variant).success;
        expect(validator.safeParse(variant).success, JSON.stringify(variant)).to.equal(accepted);
      }
    });
  }

  it('is served to machines, and as a page to people', async () => {
    const fixture = await startGateway();
    try {
      const served = await fetch(`${fixture.url}/api/openapi.json`);
      expect(served.headers.get('content-type')).to.contain('application/json');
      // Served as the fixture's version of the gateway.
      expect(await served.json()).to.deep.equal(JSON.parse(text) satisfies OpenApiDocument);
      const page = await fetch(`${fixture.url}/api`);
      expect(page.headers.get('content-type')).to.equal('text/html; charset=utf-8');
      expect(await page.text()).to.contain('<code>POST /api/v1/orders</code>');
    } finally {
      await fixture.stop();
    }
  });
});
