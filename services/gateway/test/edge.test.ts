import { expect } from 'chai';
import { type Fixture, startGateway } from './fixture.ts';
import { sendPipelined, sendRaw } from './raw-http.ts';

const GET = 'GET /api/v1/categories HTTP/1.1\r\nHost: localhost\r\n';

function get(target: string, ...fields: string[]): string {
  return [`GET ${target} HTTP/1.1`, 'Host: localhost:8080', ...fields, '', ''].join('\r\n');
}

function post(fields: string[], body: string): string {
  const head = ['POST /api/v1/sessions HTTP/1.1', 'Host: localhost', ...fields];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

const json = 'Content-Type: application/json';
const manyHeaders = Array.from({ length: 101 }, (_, index) => `X-${index}: 1`);

type Case = [what: string, bytes: string, status: number | number[]];

const framing: Case[] = [
  [
    'Content-Length and Transfer-Encoding',
    post([json, 'Content-Length: 2', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    400,
  ],
  [
    'Transfer-Encoding and Content-Length',
    post([json, 'Transfer-Encoding: chunked', 'Content-Length: 2'], '0\r\n\r\n'),
    400,
  ],
  ['two equal Content-Lengths', post([json, 'Content-Length: 2', 'Content-Length: 2'], '{}'), 400],
  ['a list of Content-Lengths', post([json, 'Content-Length: 2, 2'], '{}'), 400],
  ['a signed Content-Length', post([json, 'Content-Length: +2'], '{}'), 400],
  ['a hexadecimal Content-Length', post([json, 'Content-Length: 0x2'], '{}'), 400],
  ['an overlong Content-Length', post([json, 'Content-Length: 99999999999999999999'], '{}'), 400],
  ['a Content-Length with leading zeros', post([json, 'Content-Length: 02'], '{}'), 400],
  [
    'Transfer-Encoding: xchunked',
    post([json, 'Transfer-Encoding: xchunked'], '0\r\n\r\n'),
    [400, 501],
  ],
  [
    'Transfer-Encoding: gzip, chunked',
    post([json, 'Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'),
    [400, 501],
  ],
  [
    'two Transfer-Encodings',
    post([json, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    [400, 501],
  ],
  [
    'Transfer-Encoding with a space before the colon',
    post([json, 'Transfer-Encoding : chunked'], '0\r\n\r\n'),
    400,
  ],
  [
    'Transfer-Encoding with a vertical tab',
    post([json, 'Transfer-Encoding: \x0bchunked'], '0\r\n\r\n'),
    [400, 501],
  ],
  [
    'Transfer-Encoding in HTTP/1.0',
    `POST /api/v1/sessions HTTP/1.0\r\nHost: localhost\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['a body with GET', get('/api/v1/categories', 'Content-Length: 2').concat('{}'), 400],
  [
    'a chunked body with GET',
    get('/api/v1/categories', 'Transfer-Encoding: chunked').concat('0\r\n\r\n'),
    400,
  ],
  ['an unknown expectation', post([json, 'Content-Length: 2', 'Expect: 200-maybe'], '{}'), 400],
  ['two Content-Types', post([json, json, 'Content-Length: 2'], '{}'), 400],
];

const chunks: Case[] = [
  '0x2\r\n{}\r\n0\r\n\r\n',
  '+2\r\n{}\r\n0\r\n\r\n',
  'fffffffffffffffff\r\n{}',
  '2\n{}\r\n0\r\n\r\n',
  '2\r{}\r\n0\r\n\r\n',
  '2\r\n{}X\r\n0\r\n\r\n',
  `2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
].map((body) => [
  `the chunk ${JSON.stringify(body.slice(0, 24))}`,
  post([json, 'Transfer-Encoding: chunked'], body),
  [400, 413],
]);

const lines: Case[] = [
  ['obs-fold', `${GET}X-A: 1\r\n 2\r\n\r\n`, 400],
  ['NUL in a value', `${GET}X-A: a\0b\r\n\r\n`, 400],
  ['a bare CR', `${GET}X-A: a\rb\r\n\r\n`, 400],
  ['a bare LF', 'GET / HTTP/1.1\nHost: localhost\n\n', 400],
  ['an empty name', `${GET}: a\r\n\r\n`, 400],
  ['a spaced name', `${GET}X A: a\r\n\r\n`, 400],
];

const hosts: Case[] = [
  ['two Hosts', `${GET}Host: localhost\r\n\r\n`, 400],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n', 400],
  ['a Host with user info', 'GET / HTTP/1.1\r\nHost: a@localhost\r\n\r\n', 400],
  ['a list of Hosts', 'GET / HTTP/1.1\r\nHost: localhost,evil\r\n\r\n', 400],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 400],
  ['no Host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 400],
  ['an unknown Host', 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', 421],
  ['a name that ends like ours', 'GET / HTTP/1.1\r\nHost: evil-localhost\r\n\r\n', 421],
  [
    'an absolute URI of another host',
    'GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n',
    400,
  ],
  [
    'an absolute URI with user info',
    'GET http://localhost@evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n',
    400,
  ],
];

const startLines: Case[] = [
  ['GET *', get('*'), 400],
  ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n', [400, 405]],
  ['CONNECT', 'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n', 405],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n', 405],
  ['OPTIONS', 'OPTIONS /api/v1/products HTTP/1.1\r\nHost: localhost\r\n\r\n', 405],
  ['a method nobody knows', 'BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n', 501],
  ['a method that others know', 'PROPFIND / HTTP/1.1\r\nHost: localhost\r\n\r\n', 501],
  ['a method in lower case', 'get / HTTP/1.1\r\nHost: localhost\r\n\r\n', [400, 501]],
  ['HTTP/2.0 in HTTP/1 form', 'GET / HTTP/2.0\r\nHost: localhost\r\n\r\n', 400],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: localhost\r\n\r\n', 400],
  ['HTTP/0.9', 'GET /\r\n\r\n', 400],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['a fragment', get('/api/v1/products#x'), 400],
  ['8-bit characters', get('/caf\xe9'), 400],
  ['20 KiB of headers', get('/', `X-A: ${'a'.repeat(20_000)}`), 431],
  ['101 headers', get('/', ...manyHeaders), 431],
  ['a URI of 9 KiB', get(`/${'a'.repeat(9_000)}`), 414],
];

const paths: Case[] = [
  '/a/../admin',
  '/a/%2e%2e/admin',
  '/a/%2E./admin',
  '/./admin',
  '/a/..',
  '/a%2fb',
  '/a%5cb',
  '/a\\b',
  '/a%00b',
  '/a%0d%0ab',
  '//admin',
  '/admin//x',
  '/a%zz',
  '/a%',
  '/%ff',
  '/%c0%ae%c0%ae/admin',
  '/a"b',
  '/{a}',
].map((path) => [`the path ${path}`, get(path), 400]);

describe('the edge', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startGateway();
  });
  after(() => fixture.stop());
  beforeEach(() => fixture.reset());

  for (const [group, cases] of Object.entries({
    'framing that two parsers could read differently': framing,
    'chunks that are not': chunks,
    'header lines': lines,
    'hosts that are not ours': hosts,
    'start lines': startLines,
    'paths that are not in plain form': paths,
  })) {
    describe(`refuses ${group}:`, () => {
      for (const [what, bytes, status] of cases) {
        it(what, async () => {
          const reply = await sendRaw(fixture.url, bytes);
          expect([status].flat()).to.include(reply.status);
          expect(reply.headers['content-type']).to.equal('application/problem+json');
          const problem = JSON.parse(reply.body);
          expect(problem).to.include({ status: reply.status });
          expect(problem.trace_id).to.match(/^[0-9a-f]{32}$/);
          expect(fixture.forwarded()).to.deep.equal([]);
        });
      }
    });
  }

  it('closes the connection after any doubt about framing or host', async () => {
    for (const [, bytes] of [...framing, ...hosts]) {
      const reply = await sendRaw(fixture.url, bytes);
      expect(reply.closed || reply.headers['connection'] === 'close').to.equal(true);
    }
  });

  it('says which methods there are instead', async () => {
    const tunnel = await sendRaw(fixture.url, 'CONNECT a:1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(tunnel.headers['allow']).to.contain('GET');
    const wrong = await sendRaw(
      fixture.url,
      'DELETE /api/v1/products HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    expect(wrong.status).to.equal(405);
    expect(wrong.headers['allow']).to.equal('GET, HEAD');
  });

  it('closes what speaks no HTTP without a word', async () => {
    for (const bytes of ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '\x00\xff\xfe\x01\r\n']) {
      expect(await sendRaw(fixture.url, bytes)).to.deep.include({ status: 0, closed: true });
    }
  });

  it('answers pipelined requests in order, and none after one it cannot read', async () => {
    const good = get('/api/v1/categories');
    const statuses = await sendPipelined(fixture.url, `${good}${get('/api/v1/nothing')}${good}`);
    expect(statuses.slice(0, 2)).to.deep.equal([200, 404]);
    const broken = await sendPipelined(fixture.url, `${good}BREW / HTTP/1.1\r\n\r\n${good}`);
    expect(broken.filter((status) => status === 200).length).to.be.at.most(1);
    expect(broken[0] ?? 200).to.equal(200);
  });

  it('ignores Upgrade: the request is answered as it stands', async () => {
    for (const protocol of ['h2c', 'websocket']) {
      const upgrade = ['Connection: Upgrade, HTTP2-Settings', `Upgrade: ${protocol}`];
      const settings = ['HTTP2-Settings: AAMAAABk', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='];
      const reply = await sendRaw(fixture.url, get('/api/v1/categories', ...upgrade, ...settings));
      expect(reply.status).to.equal(200);
    }
    for (const { headers } of fixture.stubs.catalog.received) {
      expect(headers).not.to.have.any.keys('upgrade', 'http2-settings', 'sec-websocket-key');
    }
  });

  it('accepts every spelling of a host of ours', async () => {
    for (const host of ['localhost', 'LOCALHOST:8080', '127.0.0.1', '127.0.0.1:1', '[::1]:8080']) {
      const request = `GET /api/v1/categories HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      expect((await sendRaw(fixture.url, request)).status).to.equal(200);
    }
    const absolute =
      'GET http://localhost:1/api/v1/categories?x=1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n';
    expect((await sendRaw(fixture.url, absolute)).status).to.equal(200);
    expect(fixture.stubs.catalog.received.at(-1)?.url).to.equal('/api/v1/categories?x=1');
  });

  it('routes, authorises and forwards one and the same form of a path', async () => {
    const guarded = await sendRaw(fixture.url, get('/%61dmin/products'));
    expect(guarded.status).to.equal(303);
    expect(guarded.headers['location']).to.equal('/sign-in?next=%2Fadmin%2Fproducts');
    await sendRaw(fixture.url, get('/a%7Eb/%c3%a9?q=%2e%2e'));
    expect(fixture.stubs.storefront.received.map(({ url }) => url)).to.deep.equal([
      '/a~b/%C3%A9?q=%2e%2e',
    ]);
  });

  it('routes nothing to what is internal or unknown', async () => {
    const inside = ['/internal/v1/jwks', '/internal', '/%69nternal/v1/accounts'];
    for (const path of [...inside, '/api/v1/nothing', '/api/', '/api/v1/products/']) {
      expect((await sendRaw(fixture.url, get(path))).status).to.equal(404);
    }
    expect(fixture.forwarded()).to.deep.equal([]);
  });

  it('drops trailers', async () => {
    const body = '2\r\n{}\r\n0\r\nl5d-client-id: x\r\nx-principal-role: admin\r\n\r\n';
    await sendRaw(fixture.url, post([json, 'Transfer-Encoding: chunked'], body));
    const [received] = fixture.stubs.profiles.received;
    expect(received?.body).to.equal('{}');
    expect(JSON.stringify(received?.rawHeaders)).not.to.match(/l5d-|principal-role/);
  });

  it('replies with what browsers need to know, and lets no other site’s scripts read it', async () => {
    fixture.stubs.catalog.reply = (_req, res) => {
      res.setHeader('l5d-server-id', 'secret');
      res.setHeader('X-Powered-By', 'secret');
      res.end('{}');
    };
    const reply = await sendRaw(
      fixture.url,
      get('/api/v1/categories', 'Origin: https://evil.example'),
    );
    expect(reply.headers).to.include({ 'x-content-type-options': 'nosniff' });
    expect(JSON.stringify(reply.headers)).not.to.match(/secret|access-control/);
    const problem = await sendRaw(fixture.url, get('/api/v1/me'));
    expect(problem.headers).to.include({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
  });
});
