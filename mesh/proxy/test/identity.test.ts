import { expect } from 'chai';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createServer, type ConnectionOptions } from 'node:tls';
import { TestMesh, type TestProxy } from './support/mesh.ts';
import { CLIENT_AUTH, type Leaf, SERVER_AUTH, TestAuthority } from './support/pki.ts';
import { raw } from './support/http.ts';
import { until } from './support/poll.ts';
import { endpoint, service } from './support/snapshots.ts';

const ANOTHER = 'another.a.serviceaccount.identity.linkerd.cluster.local';
const REQUEST = 'GET / HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n';

describe('mutual TLS', () => {
  let mesh: TestMesh;
  let server: Awaited<ReturnType<TestMesh['server']>>;
  let client: TestProxy;
  let seen: string[] = [];

  before(async () => {
    mesh = await TestMesh.start();
    server = await mesh.server('b', (request, response) => {
      seen.push(String(request.headers['l5d-client-id']));
      response.end('served');
    });
    client = await mesh.proxy('client');
    await mesh.apply(client, { services: [service()], endpoints: { 'a/b:80': [server.endpoint] } });
  });

  beforeEach(() => (seen = []));
  after(() => mesh.stop());

  /** What a TLS client of the inbound port gets back for a request; empty when it is refused. */
  function call(options: ConnectionOptions): Promise<string> {
    if (!('path' in server.inbound)) throw new Error('tests listen on Unix sockets');
    const { path } = server.inbound;
    return new Promise((resolve) => {
      let got = '';
      const socket = connectTls({
        path,
        servername: server.identity,
        ca: mesh.plane.authority.pem,
        ALPNProtocols: ['http/1.1'],
        minVersion: 'TLSv1.3',
        ...options,
      });
      socket.on('secureConnect', () => socket.write(REQUEST));
      socket.setEncoding('latin1');
      socket.on('data', (text: string) => (got += text));
      socket.on('error', () => socket.destroy());
      socket.on('close', () => resolve(got));
    });
  }

  function certificate(leaf: Partial<Leaf> = {}, authority = mesh.plane.authority) {
    const { keyPem: key, chainPem: cert } = authority.issue({ names: [ANOTHER], ...leaf });
    return { key, cert };
  }

  async function refused(reason: string): Promise<boolean> {
    return (await mesh.metric(server, 'inbound_tcp_errors_total', { error: reason })) > 0;
  }

  it('55: proves both sides and tells the app who calls', async () => {
    expect((await mesh.ask(client, 'http://b/')).status).to.equal(200);
    expect(seen).to.deep.equal([client.identity]);
    const sent = { tls: 'true', server_id: server.identity, direction: 'outbound', dst_pod: 'b' };
    await until(async () => (await mesh.metric(client, 'response_total', sent)) === 1);
    const got = { tls: 'true', client_id: client.identity, direction: 'inbound' };
    await until(async () => (await mesh.metric(server, 'response_total', got)) === 1);
  });

  it('lets in any identity of the same anchor, by its own name', async () => {
    expect(await call(certificate())).to.contain('served');
    expect(seen).to.deep.equal([ANOTHER]);
  });

  it('57: takes plain text as unauthenticated', async () => {
    expect(await raw(server.inbound, REQUEST)).to.contain('200 OK');
    expect(seen).to.deep.equal(['undefined']);
    await until(
      async () => (await mesh.metric(server, 'response_total', { tls: 'no_identity' })) > 0,
    );
  });

  const past = new Date(Date.now() - 1_000);
  const refusals: [name: string, reason: string, leaf: () => ConnectionOptions][] = [
    ['no certificate', 'NO_CERTIFICATE', () => ({})],
    ['an expired one', 'CERT_HAS_EXPIRED', () => certificate({ notAfter: past })],
    [
      'one that is not valid yet',
      'CERT_NOT_YET_VALID',
      () => certificate({ notBefore: new Date(Date.now() + 60_000) }),
    ],
    [
      'one of another anchor',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      () => certificate({}, new TestAuthority()),
    ],
    ['one for servers only', 'INVALID_PURPOSE', () => certificate({ usages: [SERVER_AUTH] })],
    [
      'one without a DNS name',
      'NO_SINGLE_DNS_NAME',
      () => certificate({ names: ['uri:spiffe://x/y'] }),
    ],
    ['two names', 'NO_SINGLE_DNS_NAME', () => certificate({ names: [ANOTHER, 'other.test'] })],
    [
      'another application protocol',
      'ERR_SSL_NO_APPLICATION_PROTOCOL',
      () => ({ ...certificate(), ALPNProtocols: ['h9'] }),
    ],
    [
      'no application protocol',
      'NO_APPLICATION_PROTOCOL',
      () => ({ ...certificate(), ALPNProtocols: [] }),
    ],
    [
      'TLS 1.2',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
      () => ({ ...certificate(), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }),
    ],
  ];
  for (const [name, reason, options] of refusals) {
    it(`refuses a client with ${name} before reading from it`, async () => {
      expect(await call(options())).to.equal('');
      await until(() => refused(reason));
      expect(seen).to.deep.equal([]);
    });
  }

  it('refuses a client that asks for another name', async () => {
    expect(await call({ ...certificate(), servername: ANOTHER })).to.equal('');
    expect(seen).to.deep.equal([]);
  });

  it('reads a ClientHello that comes byte by byte', async () => {
    const slow = await new Promise<Socket>((resolve) => {
      const socket = connect(server.inbound, () => resolve(socket));
    });
    const write = slow.write.bind(slow);
    const original = { key: '', cert: '' };
    Object.assign(original, certificate());
    let got = '';
    await new Promise<void>((resolve) => {
      slow.write = (chunk: unknown) => {
        for (const byte of Buffer.isBuffer(chunk) ? chunk : []) write(Buffer.from([byte]));
        return true;
      };
      const tls = connectTls({
        socket: slow,
        servername: server.identity,
        ca: mesh.plane.authority.pem,
        ALPNProtocols: ['http/1.1'],
        ...original,
      });
      tls.on('secureConnect', () => tls.write(REQUEST));
      tls.on('data', (chunk) => (got += chunk));
      tls.on('close', () => resolve());
      tls.on('error', () => resolve());
    });
    expect(got).to.contain('served');
  });

  const impostors: [name: string, leaf: () => ReturnType<typeof certificate>][] = [
    ['another service', () => certificate()],
    ['an expired certificate', () => certificate({ names: ['b-name'], notAfter: past })],
    ['another anchor', () => certificate({}, new TestAuthority())],
    ['a certificate for clients only', () => certificate({ usages: [CLIENT_AUTH] })],
    ['a URI as its only name', () => certificate({ names: ['uri:spiffe://x/y'] })],
  ];
  for (const [name, leaf] of impostors) {
    it(`does not speak to a server with ${name}`, async () => {
      let asked = '';
      const impostor = createServer({ ...leaf(), ALPNProtocols: ['http/1.1'] }, (socket) => {
        socket.on('data', (chunk) => (asked += chunk));
        socket.on('error', () => socket.destroy());
      });
      const path = mesh.path('impostor');
      await new Promise<void>((resolve) => impostor.listen(path, resolve));
      await mesh.apply(client, {
        services: [service()],
        endpoints: { 'a/b:80': [endpoint({ path }, server.identity)] },
      });
      const { status } = await mesh.ask(client, 'http://b/');
      expect(status, 'no ready endpoint: fail fast').to.equal(504);
      expect(asked).to.equal('');
      impostor.close();
    });
  }

  it('renews its certificate and serves on with overlapping anchors', async () => {
    const rotated = await mesh.server('rotated', (_request, response) => response.end('served'));
    await mesh.apply(client, {
      services: [service()],
      endpoints: { 'a/b:80': [rotated.endpoint] },
    });
    expect((await mesh.ask(client, 'http://b/')).status).to.equal(200);
    mesh.plane.rotate();
    expect((await mesh.ask(client, 'http://b/')).status).to.equal(200);
    const refreshes = { result: 'ok' };
    await until(async () => {
      return (await mesh.metric(client, 'control_identity_cert_refreshes_total', refreshes)) > 1;
    });
    expect((await mesh.ask(client, 'http://b/')).status).to.equal(200);
  });
});
