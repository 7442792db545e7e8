import { expect } from 'chai';
import { connect } from 'node:net';
import { raw } from './support/http.ts';
import { TestMesh, type TestProxy } from './support/mesh.ts';
import { endpoint, service } from './support/snapshots.ts';

const HOST = 'host: b\r\n';
const CLOSE = 'connection: close\r\n';

/** Requests that are refused: what is wrong with them, the status, the bytes. */
const refused: [name: string, status: number, request: string][] = [
  ['HTTP/0.9', 400, 'GET /\r\n\r\n'],
  [
    'Content-Length and chunks',
    400,
    post('content-length: 5\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n'),
  ],
  [
    'chunks and Content-Length',
    400,
    post('transfer-encoding: chunked\r\ncontent-length: 5\r\n', '0\r\n\r\n'),
  ],
  ['two equal lengths', 400, post('content-length: 1\r\ncontent-length: 1\r\n', 'x')],
  ['a list of lengths', 400, post('content-length: 1, 1\r\n', 'x')],
  ['a length of 01', 400, post('content-length: 01\r\n', 'x')],
  ['a length of +1', 400, post('content-length: +1\r\n', 'x')],
  ['a length of 0x1', 400, post('content-length: 0x1\r\n', 'x')],
  ['an empty length', 400, post('content-length: \r\n', 'x')],
  ['a length beyond numbers', 400, post('content-length: 99999999999999999999\r\n', 'x')],
  ['another coding', 400, post('transfer-encoding: xchunked\r\n', '0\r\n\r\n')],
  ['gzip and chunks', 400, post('transfer-encoding: gzip, chunked\r\n', '0\r\n\r\n')],
  [
    'chunks twice',
    400,
    post('transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n'),
  ],
  ['a tab before the coding', 400, post('transfer-encoding:\tchunked\r\n', '0\r\n\r\n')],
  [
    'a vertical tab before the coding',
    400,
    post('transfer-encoding: \x0bchunked\r\n', '0\r\n\r\n'),
  ],
  ['a space before the colon', 400, post('transfer-encoding : chunked\r\n', '0\r\n\r\n')],
  [
    'chunks in HTTP/1.0',
    400,
    `POST / HTTP/1.0\r\n${HOST}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a folded field', 400, get('a: b\r\n c\r\n')],
  ['NUL in a field', 400, get('a: b\x00c\r\n')],
  ['a bare CR in a field', 400, get('a: b\rc\r\n')],
  ['a bare LF after a field', 400, get('a: b\nc: d\r\n')],
  ['bare LFs throughout', 400, 'GET / HTTP/1.1\nhost: b\n\n'],
  ['a field without a name', 400, get(': b\r\n')],
  ['a space in a name', 400, get('a b: c\r\n')],
  ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', 400, get(HOST)],
  ['a Host with a path and user', 400, 'GET / HTTP/1.1\r\nhost: a/b@c\r\n\r\n'],
  ['a list of Hosts', 400, 'GET / HTTP/1.1\r\nhost: a,b\r\n\r\n'],
  ['another host in the target', 400, `GET http://c/ HTTP/1.1\r\n${HOST}\r\n`],
  ['GET of *', 400, `GET * HTTP/1.1\r\n${HOST}\r\n`],
  ['TRACE', 405, `TRACE / HTTP/1.1\r\n${HOST}\r\n`],
  ['CONNECT', 405, `CONNECT c:80 HTTP/1.1\r\n${HOST}\r\n`],
  ['an unknown method', 501, `BREW / HTTP/1.1\r\n${HOST}\r\n`],
  ['a method in small letters', 501, `get / HTTP/1.1\r\n${HOST}\r\n`],
  ['HTTP/2.0', 505, `GET / HTTP/2.0\r\n${HOST}\r\n`],
  ['HTTP/1.2', 505, `GET / HTTP/1.2\r\n${HOST}\r\n`],
  ['two spaces in the request line', 400, `GET  / HTTP/1.1\r\n${HOST}\r\n`],
  ['%00 in the path', 400, `GET /a%00 HTTP/1.1\r\n${HOST}\r\n`],
  ['a path that climbs', 400, `GET /a/../admin HTTP/1.1\r\n${HOST}\r\n`],
  ['a path that climbs in disguise', 400, `GET /a/%2E%2e/admin HTTP/1.1\r\n${HOST}\r\n`],
  ['a backslash in the path', 400, `GET /a\\b HTTP/1.1\r\n${HOST}\r\n`],
  ['a fragment', 400, `GET /a#b HTTP/1.1\r\n${HOST}\r\n`],
  ['8-bit bytes in the target', 400, `GET /\xe9 HTTP/1.1\r\n${HOST}\r\n`],
  ['an unknown expectation', 417, get('expect: 200-ok\r\n')],
  ['over 100 fields', 431, get('a: b\r\n'.repeat(101))],
  ['a head over 16 KiB', 431, get(`a: ${'b'.repeat(17_000)}\r\n`)],
  ['a target over 8 KiB', 414, `GET /${'a'.repeat(9_000)} HTTP/1.1\r\n${HOST}\r\n`],
];

/** Chunked bodies that are refused after their head was fine. */
const chunks: [name: string, body: string][] = [
  ['a size of 0x1', '0x1\r\nx\r\n0\r\n\r\n'],
  ['a size of +1', '+1\r\nx\r\n0\r\n\r\n'],
  ['a size beyond numbers', 'fffffffffffffffff\r\nx'],
  ['a size line with a bare LF', '1\nx\r\n0\r\n\r\n'],
  ['CR in an extension', '1;a\rb\r\nx\r\n0\r\n\r\n'],
  ['an open quote in an extension', '1;a="b\r\nx\r\n0\r\n\r\n'],
  ['a huge extension', `1;${'a'.repeat(500)}\r\nx\r\n0\r\n\r\n`],
  ['more data than the size', '1\r\nxy\r\n0\r\n\r\n'],
  ['no CRLF after the data', '1\r\nx0\r\n\r\n'],
  ['a broken trailer', '0\r\na b: c\r\n\r\n'],
];

function get(fields: string): string {
  return `GET / HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

function post(fields: string, body: string): string {
  return `POST / HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

describe('requests on the wire', () => {
  let mesh: TestMesh;
  let server: TestProxy;
  let client: TestProxy;
  let seen: {
    url: string;
    headers: NodeJS.Dict<string | string[]>;
    body: string;
    trailers: string;
  }[] = [];

  before(async () => {
    mesh = await TestMesh.start();
    server = await mesh.server('b', (request, response) => {
      let body = '';
      request.on('error', () => undefined);
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        const { url = '', headers, rawTrailers } = request;
        seen.push({ url, headers, body, trailers: rawTrailers.join(' ') });
        response.end(url);
      });
    });
    client = await mesh.proxy('client');
    await mesh.apply(client, {
      services: [service()],
      endpoints: { 'a/b:80': [endpoint(server.inbound, server.identity)] },
    });
  });

  beforeEach(() => (seen = []));
  after(() => mesh.stop());

  for (const [name, status, request] of refused) {
    it(`refuses ${name} with ${status}`, async () => {
      const reply = await raw(server.inbound, request);
      expect(reply.slice(0, 12)).to.equal(`HTTP/1.1 ${status}`);
      expect(reply.toLowerCase()).to.contain('connection: close');
      expect(seen, 'what the app got').to.deep.equal([]);
    });
  }

  for (const [name, body] of chunks) {
    it(`refuses chunks with ${name}`, async () => {
      const reply = await raw(server.inbound, post('transfer-encoding: chunked\r\n', body));
      expect(reply).to.match(/^(HTTP\/1\.1 400|$)/);
      expect(seen, 'what the app got').to.deep.equal([]);
    });
  }

  it('says nothing to what is not text', async () => {
    expect(
      await raw(server.inbound, Buffer.from([0x80, 0x01, 0x02, 0x0d, 0x0a, 0x0d, 0x0a])),
    ).to.equal('');
    expect(await raw(client.outbound, Buffer.from([0x16, 0x03, 0x01, 0x0d, 0x0a]))).to.equal('');
  });

  it('drops what is for one hop, what Connection names, and what only the mesh may say', async () => {
    const fields = [
      'connection: close, x-user, l5d-client-id',
      'x-user: admin',
      'keep-alive: timeout=5',
      'proxy-authorization: x',
      'proxy-connection: keep-alive',
      'te: gzip',
      'upgrade: h2c',
      'l5d-client-id: forged',
      'l5d_client_id: forged',
      'L5D-Proxy-Error: forged',
      'x-forwarded-client-cert: forged',
      'x_forwarded_for: forged',
      'x-kept: yes',
    ];
    const reply = await raw(server.inbound, get(`${fields.join('\r\n')}\r\n`));
    expect(reply).to.contain('200 OK');
    expect(Object.keys(seen[0]?.headers ?? {}).toSorted()).to.deep.equal(['host', 'x-kept']);
  });

  it('frames a chunked body anew and passes on harmless trailers only', async () => {
    const body =
      '3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 1\r\nl5d-client-id: forged\r\ncontent-length: 9\r\n\r\n';
    await raw(
      server.inbound,
      post(`${CLOSE}transfer-encoding: Chunked\r\ntrailer: x-sum\r\n`, body),
    );
    expect(seen[0]?.body).to.equal('abcde');
    expect(seen[0]?.trailers).to.equal('x-sum 1');
    expect(seen[0]?.headers).to.include({ 'transfer-encoding': 'chunked' });
    expect(seen[0]?.headers).not.to.have.property('content-length');
  });

  it('answers pipelined requests in order', async () => {
    const reply = await raw(
      server.inbound,
      `GET /1 HTTP/1.1\r\n${HOST}\r\nPOST /2 HTTP/1.1\r\n${HOST}content-length: 3\r\n\r\nabc` +
        `GET /3 HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
    );
    expect(reply.match(/\/\d$|\/\d(?=HTTP)/g)).to.deep.equal(['/1', '/2', '/3']);
    expect(seen.map(({ url, body }) => url + body)).to.deep.equal(['/1', '/2abc', '/3']);
  });

  it('closes after a refused request and never reads the next', async () => {
    const reply = await raw(
      server.inbound,
      `GET /1 HTTP/1.1\r\n${HOST}\r\nGET /a/../b HTTP/1.1\r\n${HOST}\r\nGET /3 HTTP/1.1\r\n${HOST}\r\n`,
    );
    expect(reply.match(/HTTP\/1\.1 \d+/g)).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(seen.map(({ url }) => url)).to.deep.equal(['/1']);
  });

  it('reads requests that come byte by byte', async () => {
    const got = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(server.inbound, () => {
        for (const byte of Buffer.from(
          post(`${CLOSE}transfer-encoding: chunked\r\n`, '2\r\nab\r\n0\r\n\r\n'),
        )) {
          socket.write(Buffer.from([byte]));
        }
      });
      socket.setNoDelay(true);
      socket.on('data', (chunk) => (text += chunk));
      socket.on('close', () => resolve(text));
    });
    expect(got).to.contain('200 OK');
    expect(seen[0]?.body).to.equal('ab');
  });

  it('serves HTTP/1.0 without chunks and closes', async () => {
    const reply = await raw(server.inbound, 'GET /old HTTP/1.0\r\n\r\n');
    expect(reply)
      .to.match(/^HTTP\/1\.1 200 OK\r\n/)
      .and.match(/\/old$/);
    expect(reply).not.to.contain('chunked');
  });

  it('asks as a proxy for absolute URLs only, and not for https', async () => {
    for (const target of ['/', 'https://b/', 'ftp://b/', 'http://a@b/', 'http:///']) {
      const reply = await raw(client.outbound, `GET ${target} HTTP/1.1\r\n${HOST}\r\n`);
      expect(reply.slice(0, 12), target).to.equal('HTTP/1.1 400');
    }
    const reply = await raw(
      client.outbound,
      `CONNECT nowhere:80 HTTP/1.1\r\nhost: nowhere:80\r\n\r\n`,
    );
    expect(reply.slice(0, 12)).to.equal('HTTP/1.1 403');
  });
});
