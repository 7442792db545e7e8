import { expect } from 'chai';
import { type Fixture, startGateway } from './fixture.ts';
import { sendRaw } from './raw-http.ts';
import { CUSTOMER } from './tokens.ts';

describe('the headers that go on', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startGateway();
  });
  after(() => fixture.stop());
  beforeEach(() => fixture.reset());

  /** What orders receives for a request of a signed-in customer with these headers. */
  async function receivedWith(...fields: string[]): Promise<Record<string, unknown>> {
    const token = await fixture.mint.customer();
    const head = [
      `GET /api/v1/orders HTTP/1.1`,
      'Host: localhost:8080',
      `Authorization: Bearer ${token}`,
    ];
    const reply = await sendRaw(fixture.url, [...head, ...fields, '', ''].join('\r\n'));
    expect(reply.status).to.equal(200);
    return { ...fixture.stubs.orders.received.at(-1)?.headers };
  }

  it('are identity, client, deadline and nothing that claims to be one of them', async () => {
    const forged = [
      'X-Principal-Id: 01980000-0000-7000-8000-00000000dead',
      'X-Principal-Role: admin',
      'X_Principal_Role: admin',
      'X-Request-Timeout-Ms: 999999',
      'X-Client-Address: 198.51.100.1',
      'X-Forwarded-For: 198.51.100.1',
      'X_Forwarded_For: 198.51.100.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Client-Cert: By=x',
      'Forwarded: for=198.51.100.1',
      'X-Real-IP: 198.51.100.1',
      'l5d-client-id: admin',
      'l5d_client_id: admin',
      'l5d-retry-http: 5xx',
      'l5d-timeout: 1h',
    ];
    const headers = await receivedWith(...forged);
    expect(headers).to.include({
      'x-principal-id': CUSTOMER,
      'x-principal-role': 'customer',
      'x-client-address': '127.0.0.1',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'localhost:8080',
    });
    expect(Number(headers['x-request-timeout-ms'])).to.be.within(1, 10_000);
    expect(JSON.stringify(headers)).not.to.match(/198\.51\.100\.1|l5d|admin|evil|_/);
  });

  it('are no identity at all without a valid credential', async () => {
    const request =
      'GET /api/v1/categories HTTP/1.1\r\nHost: localhost\r\nX-Principal-Id: x\r\nX-Principal-Role: admin\r\n\r\n';
    await sendRaw(fixture.url, request);
    expect(fixture.stubs.catalog.received[0]?.headers).not.to.have.any.keys(
      'x-principal-id',
      'x-principal-role',
    );
  });

  it('are not those of this connection, nor those it names', async () => {
    const headers = await receivedWith(
      'Connection: keep-alive, x-user, accept-language, l5d-x',
      'Keep-Alive: timeout=5',
      'TE: trailers',
      'Proxy-Authorization: Basic eA==',
      'X-User: 1',
      'Accept-Language: de',
    );
    expect(headers).not.to.have.any.keys(
      'keep-alive',
      'te',
      'proxy-authorization',
      'x-user',
      'accept-language',
    );
  });

  it('hold neither the token nor cookies', async () => {
    const headers = await receivedWith('Cookie: faultline_access=secret; other=1');
    expect(headers).not.to.have.any.keys('authorization', 'cookie');
  });

  it('hold what the client may say', async () => {
    const headers = await receivedWith(
      'Accept-Language: de',
      'If-None-Match: "a"',
      'User-Agent: me',
    );
    expect(headers).to.include({
      'accept-language': 'de',
      'if-none-match': '"a"',
      'user-agent': 'me',
    });
  });

  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  for (const [what, fields, expected] of [
    ['a valid traceparent', [`traceparent: 00-${trace}-00f067aa0ba902b7-01`], /^00-4bf9/],
    [
      'a traceparent of zeros',
      [`traceparent: 00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
      undefined,
    ],
    ['a traceparent of the wrong length', ['traceparent: 00-abc-def-01'], undefined],
    ['an oversized traceparent', [`traceparent: ${'a'.repeat(5_000)}`], undefined],
    [
      'two traceparents',
      [`traceparent: 00-${trace}-00f067aa0ba902b7-01`, 'traceparent: x'],
      undefined,
    ],
    ['version ff', [`traceparent: ff-${trace}-00f067aa0ba902b7-01`], undefined],
  ] as const) {
    it(`treat ${what} as they should`, async () => {
      const headers = await receivedWith(...fields);
      if (expected) expect(headers['traceparent']).to.match(expected);
      else expect(String(headers['traceparent'] ?? '')).not.to.match(/4bf92f35|abc-def|aaaa/);
    });
  }

  it('hold no baggage beyond 64 entries', async () => {
    const entries = Array.from({ length: 1_000 }, (_, index) => `k${index}=v`).join(',');
    expect(await receivedWith(`baggage: ${entries}`)).not.to.have.property('baggage');
    expect(await receivedWith('baggage: a=1,b=2')).to.include({ baggage: 'a=1,b=2' });
  });

  it('believe X-Forwarded-For as far as our own proxies go, and no further', async () => {
    const behindProxy = await startGateway({ trustedHops: 1 });
    try {
      const request = (fields: string) =>
        sendRaw(
          behindProxy.url,
          `GET /api/v1/categories HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n\r\n`,
        );
      await request('X-Forwarded-For: 10.9.9.9, 203.0.113.5\r\nX-Forwarded-Proto: https');
      await request('X-Forwarded-For: not an address');
      const [first, second] = behindProxy.stubs.catalog.received;
      expect(first?.headers).to.include({
        'x-forwarded-for': '203.0.113.5',
        'x-forwarded-proto': 'https',
      });
      expect(second?.headers['x-forwarded-for']).to.equal('127.0.0.1');
    } finally {
      await behindProxy.stop();
    }
  });
});
