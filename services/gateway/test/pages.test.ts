import { expect } from 'chai';
import { eventually } from '@faultline/chassis/testing/eventually';
import { type Fixture, startGateway } from './fixture.ts';
import { json } from './stub-service.ts';
import { ADMIN, CUSTOMER } from './tokens.ts';

const OLD = `faultline_refresh=${'a'.repeat(43)}`;
const account = {
  id: CUSTOMER,
  email: 'a@example.org',
  name: 'A',
  role: 'customer',
  disabled: false,
  created_at: '2026-01-01T00:00:00.000Z',
};

describe('pages', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startGateway();
  });
  after(() => fixture.stop());
  beforeEach(() => fixture.reset());

  const open = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    fetch(`${fixture.url}${path}`, { redirect: 'manual', ...init, headers });

  const cookieOf = async (token: Promise<string>) => `faultline_access=${await token}`;

  /** Profiles renews sessions, once it is let; the result counts how often. */
  function renewSessions(
    changes: Record<string, unknown> = {},
    allowed = Promise.resolve(),
  ): () => number {
    const publishKeys = fixture.stubs.profiles.reply;
    let renewals = 0;
    fixture.stubs.profiles.reply = (req, res, body) => {
      if (req.url !== '/api/v1/sessions/refresh') {
        publishKeys?.(req, res, body);
        return;
      }
      renewals++;
      const session = { access_token: 'new', token_type: 'Bearer', expires_in: 900 };
      const cookies = ['faultline_access=new; Path=/', 'faultline_refresh=newer; Path=/'];
      void allowed.then(() =>
        json(
          res,
          201,
          { ...session, account: { ...account, ...changes } },
          { 'Set-Cookie': cookies },
        ),
      );
    };
    return () => renewals;
  }

  it('go to the service of the longest prefix', async () => {
    const admin = { cookie: await cookieOf(fixture.mint.admin()) };
    await open('/');
    await open('/adminx');
    await open('/admin/products', admin);
    await open('/mailbox', admin);
    await open('/media/abc.webp');
    const urls = (name: keyof typeof fixture.stubs) =>
      fixture.stubs[name].received.map(({ url }) => url);
    expect(urls('storefront')).to.deep.equal(['/', '/adminx']);
    expect(urls('admin')).to.deep.equal(['/admin/products']);
    expect(urls('notifications')).to.deep.equal(['/mailbox']);
    expect(urls('images')).to.deep.equal(['/media/abc.webp']);
  });

  it('are told apart by their patterns in metrics, as far as the shop names them', async () => {
    for (const path of ['/', '/products/blue-mug', '/products/blue-mug/x']) await open(path);
    const served = fixture.metrics.registry.getSingleMetric('http_server_request_duration_seconds');
    await eventually(async () => {
      const routes = (await served?.get())?.values.map(({ labels }) => labels['route']);
      expect(routes).to.include.members(['/', '/products/:slug', '/ pages']);
    });
  });

  it('know their visitor by the access cookie', async () => {
    await open('/account', { cookie: await cookieOf(fixture.mint.customer()) });
    const [received] = fixture.stubs.storefront.received;
    expect(received?.headers['x-principal-id']).to.equal(CUSTOMER);
    expect(received?.headers.cookie).to.contain('faultline_access=');
  });

  it('have strangers for visitors without cookies, or with bad ones', async () => {
    for (const cookie of ['', 'faultline_access=bad', 'faultline_refresh=%20', '=;;=;']) {
      const reply = await open('/', { cookie });
      expect(reply.status).to.equal(200);
    }
    for (const { headers } of fixture.stubs.storefront.received) {
      expect(headers).not.to.have.property('x-principal-id');
    }
  });

  it('of the back office send strangers to the sign-in, and customers away', async () => {
    const stranger = await open('/admin/orders?status=failed');
    expect(stranger.status).to.equal(303);
    expect(stranger.headers.get('location')).to.equal(
      '/sign-in?next=%2Fadmin%2Forders%3Fstatus%3Dfailed',
    );
    for (const path of ['/admin', '/admin/orders', '/mailbox']) {
      const customer = await open(path, { cookie: await cookieOf(fixture.mint.customer()) });
      expect(customer.status).to.equal(403);
    }
    expect(fixture.forwarded()).to.deep.equal([]);
  });

  it('renew a session that has run out, and hand the new cookies to the browser', async () => {
    renewSessions();
    const reply = await open('/account', { cookie: `faultline_access=expired; ${OLD}` });
    expect(reply.headers.getSetCookie()).to.deep.equal([
      'faultline_access=new; Path=/',
      'faultline_refresh=newer; Path=/',
    ]);
    expect(reply.headers.get('cache-control')).to.equal('private, no-store');
    expect(fixture.stubs.storefront.received[0]?.headers['x-principal-id']).to.equal(CUSTOMER);
  });

  it('renew it once for requests made at the same time', async () => {
    const release = Promise.withResolvers<void>();
    const renewals = renewSessions({}, release.promise);
    const opened = Array.from({ length: 20 }, () => open('/', { cookie: OLD }));
    await eventually(async () =>
      expect(await fixture.metrics.registry.metrics()).to.match(/_requests_in_flight 20\n/),
    );
    release.resolve();
    const replies = await Promise.all(opened);
    expect(renewals()).to.equal(1);
    for (const reply of replies) expect(reply.headers.getSetCookie()).to.have.length(2);
  });

  it('do not bring back a session that the page has just ended', async () => {
    renewSessions();
    const cleared = ['faultline_access=; Max-Age=0', 'faultline_refresh=; Max-Age=0', 'basket=1'];
    fixture.stubs.storefront.reply = (_req, res) => json(res, 303, {}, { 'Set-Cookie': cleared });
    const reply = await open('/sign-out', { cookie: OLD }, { method: 'POST' });
    expect(reply.headers.getSetCookie()).to.deep.equal(cleared);
  });

  it('let a renewed admin in', async () => {
    renewSessions({ id: ADMIN, role: 'admin' });
    expect((await open('/admin', { cookie: OLD })).status).to.equal(200);
  });

  it('forget a session that has ended', async () => {
    const problem = {
      type: 'x',
      title: 'x',
      status: 401,
      detail: 'x',
      instance: 'x',
      trace_id: 'x',
    };
    fixture.stubs.profiles.reply = (_req, res) =>
      json(
        res,
        401,
        { ...problem, retryable: false },
        { 'Set-Cookie': 'faultline_refresh=; Max-Age=0' },
      );
    const reply = await open('/', { cookie: OLD });
    expect(reply.status).to.equal(200);
    expect(reply.headers.getSetCookie()).to.deep.equal(['faultline_refresh=; Max-Age=0']);
  });

  it('for everybody are shown while profiles is away; those for admins are not', async () => {
    fixture.stubs.profiles.reply = (_req, res) => json(res, 500, {});
    const shop = await open('/', { cookie: OLD });
    expect(shop.status).to.equal(200);
    expect(shop.headers.getSetCookie()).to.deep.equal([]);
    expect((await open('/admin', { cookie: OLD })).status).to.equal(503);
  });

  describe('that change something', () => {
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost.evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) {
      it(`are refused from ${JSON.stringify(headers)}`, async () => {
        const cookie = await cookieOf(fixture.mint.admin());
        for (const path of ['/basket', '/admin/products', '/api/v1/sessions/refresh']) {
          const reply = await open(path, { ...headers, cookie }, { method: 'POST' });
          expect(reply.status).to.equal(403);
        }
        expect(fixture.forwarded()).to.deep.equal([]);
      });
    }

    it('are let through from our own pages, and from what is no browser', async () => {
      const origin = fixture.url;
      for (const headers of [{ origin }, { origin, 'sec-fetch-site': 'same-origin' }, {}]) {
        expect((await open('/basket', headers, { method: 'POST' })).status).to.equal(200);
      }
    });
  });

  it('get their failures as pages when a person asked', async () => {
    await fixture.stubs.admin.stop();
    const cookie = await cookieOf(fixture.mint.admin());
    const reply = await open('/admin', { cookie, accept: 'text/html,*/*' });
    expect(reply.status).to.equal(503);
    expect(reply.headers.get('content-type')).to.equal('text/html; charset=utf-8');
    expect(reply.headers.get('content-security-policy')).to.contain("default-src 'none'");
    expect(await reply.text()).to.contain('<h1>503</h1>');
    const machine = await open('/admin', { cookie, accept: 'application/json' });
    expect(machine.headers.get('content-type')).to.equal('application/problem+json');
  });
});
