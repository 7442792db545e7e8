import { expect } from 'chai';
import { connect } from 'node:net';
import { chunks, get, HOST, post, refused } from './support/bad-requests.ts';
import { raw } from './support/http.ts';
import { TestMesh, type TestProxy } from './support/mesh.ts';
import { endpoint, service } from './support/snapshots.ts';

const CLOSE = 'connection: close\r\n';

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
