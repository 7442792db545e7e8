import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { eventually } from '@faultline/chassis/testing/eventually';
import { apis } from '@faultline/contracts/edge';
import { image } from '@faultline/contracts/images';
import { expect } from 'chai';
import type { SunkSpan } from '../observability/telemetry/test/otlp-sink.ts';
import { untilAtRest } from './support/settle.ts';
import { findSecrets } from './support/secrets.ts';
import { type Customer, requireStatus, Shop } from './support/shop.ts';
import { followOrder } from './support/sse.ts';
import { sharedSystem, type System } from './support/system.ts';
import { isSidecar, isSpan, type Trace, wholeTrace } from './support/trace.ts';

const quotes = 'POST /internal/v1/quotes';
const services = [...Object.keys(apis), 'storefront'];

describe('traces', function () {
  this.timeout(60_000);
  let system: System;
  let shop: Shop;
  let ann: Customer;

  before(async function () {
    this.timeout(120_000);
    system = await sharedSystem();
    shop = new Shop(system);
    ann = await shop.customer();
    await shop.stocks({ lamp: 100 });
  });

  /** The trace in which an order was placed, up to the mail about it. */
  async function traceOfOrder(id: string): Promise<Trace> {
    const { traceId } = await system.sink.waitFor(
      `a span about the order ${id}`,
      ({ attributes }) => attributes['order.id'] === id,
    );
    return wholeTrace(system.sink, traceId, {
      'the gateway’s span': isSpan('gateway', 'server', 'POST /api/v1/orders'),
      'the sending of the mail': isSpan('notifications', 'internal', 'send mail'),
      'whom the mail is for': isSpan('profiles', 'server', 'GET /internal/v1/accounts/:id'),
    });
  }

  describe('of an order', () => {
    let trace: Trace;
    let orderId: string;
    before(async () => {
      orderId = (await ann.orders({ lamp: 2 })).id;
      trace = await traceOfOrder(orderId);
    });

    it('is one trace from the gateway to the mail, without a gap', () => {
      expect([...trace.services]).to.include.members([
        ...['gateway', 'orders', 'catalog', 'inventory', 'payments', 'notifications', 'profiles'],
      ]);
      expect(trace.roots.map(({ name }) => name)).to.deep.equal(['POST /api/v1/orders']);
      expect(trace.orphans).to.deep.equal([]);
      const [root] = trace.roots;
      const mail = trace.find('the mail', isSpan('notifications', 'internal', 'send mail'));
      expect(trace.lineage(mail).at(-1)).to.equal(root);
    });

    for (const [service, name, caller] of [
      ['orders', 'POST /api/v1/orders', 'gateway'],
      ['catalog', quotes, 'orders'],
      ['inventory', 'PUT /internal/v1/reservations/:id', 'orders'],
      ['inventory', 'POST /internal/v1/reservations/:id/commit', 'orders'],
      ['payments', 'POST /internal/v1/payments/:id/capture', 'orders'],
      ['profiles', 'GET /internal/v1/accounts/:id', 'notifications'],
    ] as const) {
      it(`has ${service}’s ${name} below a call of ${caller}, to it by name`, () => {
        const served = trace.find(name, isSpan(service, 'server', name));
        const [, call] = trace.lineage(served);
        expect(call).to.deep.include({ kind: 'client' });
        expect(call?.resource['service.name']).to.equal(caller);
        expect(call?.attributes).to.include({ 'server.address': service, 'server.port': 80 });
      });
    }

    it('has both sidecars between a call and its answer, as its four inner spans', () => {
      const served = trace.find('the quotes', isSpan('catalog', 'server', quotes));
      const inner = trace.path(served).slice(1, 5);
      expect(inner.map(({ kind, attributes }) => [kind, attributes['direction']])).to.deep.equal([
        ...[
          ['client', 'inbound'],
          ['server', 'inbound'],
        ],
        ...[
          ['client', 'outbound'],
          ['server', 'outbound'],
        ],
      ]);
      expect(inner.every(isSidecar)).to.equal(true);
      const pods = inner.map(({ resource }) => String(resource['service.instance.id']));
      expect(pods.map((pod) => pod.split('-')[0])).to.deep.equal([
        ...['catalog', 'catalog', 'orders', 'orders'],
      ]);
    });

    it('has the calls to the payment provider', () => {
      const calls = trace.spans.filter(
        (span) => isHttpClient(span) && span.attributes['server.address'] === 'payment-provider',
      );
      expect(calls).to.have.length.of.at.least(2);
      for (const call of calls) expect(call.resource['service.name']).to.equal('payments');
    });

    it('crosses the stream: what consumes an event is below what published it, and linked', () => {
      const consumed = trace.find(
        'the consumer’s span',
        isSpan('notifications', 'consumer', 'process orders.events'),
      );
      const [, published] = trace.lineage(consumed);
      expect(published).to.deep.include({ kind: 'producer', name: 'publish orders.events' });
      expect(published?.attributes).to.include({
        'messaging.message.event_type': 'order.confirmed',
      });
      expect(consumed.links).to.deep.equal([{ traceId: trace.id, spanId: published?.spanId }]);
    });

    it('is no other order’s trace', async () => {
      const other = await traceOfOrder((await ann.orders({ lamp: 1 })).id);
      expect(other.id).not.to.equal(trace.id);
      const orders = new Set(trace.spans.map(({ attributes }) => attributes['order.id']));
      expect([...orders].filter(Boolean)).to.deep.equal([orderId]);
    });

    it('continues the caller’s trace, when it brings one', async () => {
      const id = randomBytes(16).toString('hex');
      const reply = await ann.api
        .with({ traceparent: `00-${id}-${randomBytes(8).toString('hex')}-01` })
        .get('/api/v1/me');
      requireStatus(reply, 200);
      const span = await system.sink.waitFor('profiles’ span', (one) => one.traceId === id);
      expect(span.traceId).to.equal(id);
    });
  });

  it('of a declined order has the id that its problem details tell', async () => {
    const { status, body } = await ann.buys({ lamp: 1 }, { token: 'tok_declined' });
    expect(status).to.equal(402);
    const trace = await wholeTrace(system.sink, String(body['trace_id']), {
      'the compensation': ({ name }) => name.startsWith('saga order undo '),
      'the mail': isSpan('notifications', 'internal', 'send mail'),
    });
    const orders = new Set(trace.spans.map(({ attributes }) => attributes['order.id']));
    expect([...orders].filter(Boolean)).to.deep.equal([body['order_id']]);
  });

  it('of an upload goes through the job queue to whoever shows the picture', async () => {
    const admin = await shop.admin();
    const id = await admin.uploadsPicture();
    await eventually(async () => {
      const { body } = await admin.api.get(`/api/v1/images/${id}`);
      expect(image.parse(body).status).to.equal('ready');
    }, 20_000);
    const upload = await system.sink.waitFor(
      'a span about the picture',
      ({ attributes }) => attributes['image.id'] === id,
    );
    const trace = await wholeTrace(system.sink, upload.traceId, {
      'catalog’s part': isSpan('catalog', 'consumer', 'process images.events'),
      'the gateway’s span': isSpan('gateway', 'server', 'POST /api/v1/images'),
    });
    expect(trace.roots).to.have.length(1);
    const shown = trace.find(
      'catalog’s part',
      isSpan('catalog', 'consumer', 'process images.events'),
    );
    expect(trace.lineage(shown).map(({ name }) => name)).to.include.members([
      ...['publish images.events', 'process images.jobs', 'publish images.jobs'],
      'POST /api/v1/images',
    ]);
  });

  it('of a watched order end with the stream', async () => {
    const { id } = await ann.orders({ lamp: 1 });
    const events = await followOrder(`${system.url}/api/v1/orders/${id}/events`, ann.authorization);
    expect(events.at(-1)).to.include({ status: 'confirmed' });
    const name = 'GET /api/v1/orders/:id/events';
    const watched = await system.sink.waitFor(
      'the watching',
      (span) => span.name === name && span.attributes['url.path'] === `/api/v1/orders/${id}/events`,
    );
    const trace = await wholeTrace(system.sink, watched.traceId, {
      'the gateway’s span': isSpan('gateway', 'server', name),
      'orders’ span': isSpan('orders', 'server', name),
    });
    expect(trace.roots.map(({ resource }) => resource['service.name'])).to.deep.equal(['gateway']);
  });

  describe('of everything so far', () => {
    it('say which service, version, instance and namespace each span is from', () => {
      for (const { resource } of system.sink.spans.filter((span) => !isSidecar(span))) {
        const name = String(resource['service.name']);
        expect(services).to.include(name);
        expect(resource['service.version']).to.match(/^\d+\.\d+\.\d+$/);
        expect(resource['service.instance.id']).to.match(
          new RegExp(`^${name}(-primary)?-\\w+-\\w+$`),
        );
        expect(resource['service.namespace']).to.equal('default');
      }
    });

    it('call neighbours by name, never whatever forwards the call, and tell no query', () => {
      for (const span of system.sink.spans.filter(isHttpClient)) {
        const { 'server.address': peer, 'url.full': url } = span.attributes;
        expect([...services, 'payment-provider']).to.include(peer);
        expect(url).to.match(new RegExp(`^http://${String(peer)}/[^?#]*$`));
      }
    });

    it('have few names: none holds a value', () => {
      // Sidecars name theirs by path, as Linkerd's do.
      const spans = system.sink.spans.filter((span) => !isSidecar(span));
      const names = new Set(spans.map(({ name }) => name));
      expect(names.size).to.be.below(200);
      for (const name of names) expect(name).not.to.match(/[0-9a-f]{8}|\d{3}|@|\?/);
      for (const { name, attributes, kind } of spans) {
        if (kind !== 'server' || attributes['http.response.status_code'] === 404) continue;
        if (attributes['http.route'] === undefined) continue;
        expect(name).to.equal(`${attributes['http.request.method']} ${attributes['http.route']}`);
      }
    });

    it('hold nothing about a person; nor does any log or event', async () => {
      await giveAwayEverything(shop);
      await eventually(() => expect(spansOf('/api/v1/sessions').length).to.be.at.least(1));
      await traceOfOrder((await ann.orders({ lamp: 1 })).id);
      expect(await findSecrets(system, shop.canaries)).to.deep.equal([]);
    });
  });

  function spansOf(route: string): SunkSpan[] {
    return system.sink.spans.filter(({ attributes }) => attributes['http.route'] === route);
  }
});

describe('without a collector', function () {
  this.timeout(60_000);
  let system: System;
  let shop: Shop;
  let ann: Customer;
  /** How long orders took while the collector was well: the machine may be busy. */
  let well: number;

  before(async function () {
    this.timeout(120_000);
    system = await sharedSystem();
    shop = new Shop(system);
    ann = await shop.customer();
    await shop.stocks({ lamp: 100 });
    await untilAtRest(system);
    well = await usualTimeOfOrder();
  });
  after(() => system.sink.behave('well'));

  async function usualTimeOfOrder(): Promise<number> {
    const times: number[] = [];
    for (let count = 0; count < 5; count++) times.push(await timeOfOrder(ann));
    return median(times);
  }

  async function expectGoodService(): Promise<void> {
    // An export is given up after 1.5 s; an order that waited for its own would take many of them.
    expect(await usualTimeOfOrder()).to.be.below(2 * well + 1_000);
    expect((await shop.visitor.get('/')).status).to.equal(200);
  }

  it('orders are as fast and pages as good while the collector takes everything and never answers', async () => {
    await system.sink.behave('silent');
    await expectGoodService();
    expect(system.sink.unanswered).to.be.greaterThan(0);
  });

  it('and while nobody listens where it should be', async () => {
    await system.sink.behave('away');
    await expectGoodService();
  });

  it('the logs still tell of each request by its trace, and of nobody by name', async () => {
    await giveAwayEverything(shop);
    const { body } = await ann.buys({ lamp: 1 }, { token: 'tok_declined' });
    const traceId = String(body['trace_id']);
    await eventually(async () => {
      const files = [...(await system.logs())].filter(([, text]) => text.includes(traceId));
      const owners = new Set(files.map(([name]) => name.split('/')[0]));
      expect([...owners]).to.include.members(['gateway', 'orders', 'inventory', 'payments']);
    });
    expect(await findSecrets(system, shop.canaries)).to.deep.equal([]);
  });
});

async function timeOfOrder(customer: Customer): Promise<number> {
  const startedMs = performance.now();
  const { status } = await customer.orders({ lamp: 1 });
  expect(status).to.equal('confirmed');
  return performance.now() - startedMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function isHttpClient({ kind, scope }: SunkSpan): boolean {
  return kind === 'client' && scope.endsWith('instrumentation-http');
}

/** All that people tell a shop of themselves, in every way there is, also by mistake. */
async function giveAwayEverything(shop: Shop): Promise<void> {
  const eve = await shop.customer();
  const admin = await shop.admin();
  const mark = randomBytes(4).toString('hex');
  const plant = (what: string, value: string) => {
    shop.canaries.set(value, what);
    return value;
  };
  const card = plant('a card number', `411111${Math.abs(parseInt(mark, 16))}`);
  const home = {
    name: plant('a recipient', `Eve Canary ${mark}`),
    line1: plant('a street', `${mark} Canary Street`),
    city: plant('a city', `Canaryville ${mark}`),
    postal_code: plant('a postal code', `PC-${mark}`),
    country: 'SE',
  };
  requireStatus(await eve.api.post('/api/v1/me/addresses', home), 201);
  requireStatus(await eve.api.send('PATCH', '/api/v1/me', { body: { name: home.name } }), 200);
  const declined = await eve.buys({ lamp: 1 }, { token: `tok_${card}` });
  requireStatus(declined, 402);
  const wrong = { ...eve.credentials, password: plant('a mistyped password', `typo ${mark} typo`) };
  requireStatus(await shop.visitor.post('/api/v1/sessions', wrong), 401);
  requireStatus(await shop.visitor.post('/api/v1/accounts', { ...wrong, name: home.name }), 409);
  requireStatus(await shop.visitor.post('/api/v1/accounts', { ...wrong, extra: mark }), 400);
  const query = { q: eve.credentials.email };
  requireStatus(await admin.api.get('/api/v1/admin/accounts', { query }), 200);
  requireStatus(await shop.visitor.get('/api/v1/products', { query }), 200);
  const { id } = await eve.orders({ lamp: 1 });
  requireStatus(await eve.cancels(id), 200);
}
