import { createHash } from 'node:crypto';
import { connect as connectTcp, createServer as createTcpServer, type Server } from 'node:net';
import { connect, type ConnectionOptions, createServer } from 'node:tls';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import {
  CLIENT_AUTH,
  type Leaf,
  SERVER_AUTH,
  TestAuthority,
} from '../../mesh/proxy/test/support/pki.ts';
import { raw } from './harness/http.ts';
import { allow, server, service } from './harness/manifests.ts';
import { World } from './harness/world.ts';

const request = 'GET / HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n';
const nameOf = (account: string) => `${account}.a.serviceaccount.identity.linkerd.cluster.local`;
const hour = 3_600_000;

describe('conformance: mTLS between proxies', () => {
  let world: World;
  let authority: TestAuthority;

  beforeEach(async () => {
    authority = new TestAuthority();
    world = await World.start({ authority });
    await world.mesh.setReady(world.b2, { ready: false });
  });
  afterEach(() => world.stop());

  /** Key and certificate of a test's own, by default what `client` could have. */
  const certificate = (leaf: Partial<Leaf> = {}, by = authority) => {
    const { keyPem: key, chainPem: cert } = by.issue({ names: [nameOf('client')], ...leaf });
    return { key, cert };
  };

  /** What a TLS client of b1's port gets back for a request; empty when it is refused. */
  function call(
    options: ConnectionOptions,
    onSession: (session: Buffer) => void = () => undefined,
  ): Promise<string> {
    const answer = new Promise<string>((resolve) => {
      let got = '';
      const socket = connect({
        ...world.b1.address,
        servername: world.b1.identity,
        ca: authority.pem,
        ALPNProtocols: ['http/1.1'],
        minVersion: 'TLSv1.3',
        ...options,
      });
      socket.on('secureConnect', () => socket.write(request));
      socket.on('session', onSession);
      socket.setEncoding('latin1');
      socket.on('data', (text: string) => (got += text));
      // What is refused ends with an error or without: the end is what counts.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => resolve(got));
    });
    return world.mesh.time.until(answer);
  }

  const refusedFor = async (error: string): Promise<number> => {
    const metrics = await world.mesh.metrics(world.b1);
    return metrics.sum('inbound_tcp_errors_total', { error });
  };

  it('a certificate of the mesh is served, and named to the app', async () => {
    expect(await call(certificate())).to.contain('200 OK');
    expect(world.b1.app.seen[0]?.headers['l5d-client-id']).to.equal(nameOf('client'));
  });

  const ended = {
    notBefore: new Date(Date.now() - 2 * hour),
    notAfter: new Date(Date.now() - hour),
  };
  const ahead = {
    notBefore: new Date(Date.now() + hour),
    notAfter: new Date(Date.now() + 2 * hour),
  };
  const refused: [row: string, what: string, reason: string, options: () => ConnectionOptions][] = [
    ['23', 'no certificate', 'NO_CERTIFICATE', () => ({})],
    ['24', 'an expired one', 'CERT_HAS_EXPIRED', () => certificate(ended)],
    ['24', 'one that is not valid yet', 'CERT_NOT_YET_VALID', () => certificate(ahead)],
    [
      '24',
      'one of another authority',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      () => certificate({}, new TestAuthority()),
    ],
    [
      '24',
      'one signed by itself',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      () => new TestAuthority().selfSigned,
    ],
    ['24', 'one for servers only', 'INVALID_PURPOSE', () => certificate({ usages: [SERVER_AUTH] })],
    ['24', 'two names', 'NO_SINGLE_DNS_NAME', () => certificate({ names: ['x.test', 'y.test'] })],
    ['24', 'a URI only', 'NO_SINGLE_DNS_NAME', () => certificate({ names: ['uri:spiffe://x/y'] })],
    [
      '26',
      'TLS 1.2',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
      () => ({ ...certificate(), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }),
    ],
    [
      '26',
      'TLS 1.2 with a weak cipher',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
      () => ({
        ...certificate(),
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.2',
        ciphers: 'ECDHE-ECDSA-AES128-SHA:AES128-SHA',
      }),
    ],
    [
      '26',
      'an unknown application protocol',
      'ERR_SSL_NO_APPLICATION_PROTOCOL',
      () => ({ ...certificate(), ALPNProtocols: ['h9'] }),
    ],
  ];
  for (const [row, what, reason, options] of refused) {
    it(`${row} refuses a client with ${what} before reading a byte, and counts it`, async () => {
      expect(await call(options())).to.equal('');
      await eventually(async () => expect(await refusedFor(reason)).to.equal(1));
      expect(world.b1.app.seen).to.deep.equal([]);
    });
  }

  it('no session is resumed: each connection proves who it is anew', async () => {
    let session: Buffer | undefined;
    const remember = (one: Buffer) => (session = one);
    await call({ ...certificate(), session: undefined }, remember);
    expect(world.b1.app.seen).to.have.length(1);
    const reply = await call({ session });
    expect(reply, 'without a certificate of its own').to.equal('');
    expect(world.b1.app.seen).to.have.length(1);
  });

  it('24 refuses a client that asks for another service by name', async () => {
    expect(await call({ ...certificate(), servername: nameOf('other') })).to.equal('');
    expect(world.b1.app.seen).to.deep.equal([]);
  });

  it('25 the certificate of another service is good for TLS and for nothing else', async () => {
    await world.apply(server(), ...allow(['client']));
    const stranger = await call(certificate({ names: [nameOf('stranger')] }));
    expect(stranger).to.match(/^HTTP\/1\.1 403 /);
    expect(world.b1.app.seen).to.deep.equal([]);
    expect(await call(certificate())).to.contain('200 OK');
  });

  it('18 a ClientHello in single bytes is read, rubbish that begins like one is not answered', async () => {
    const { address } = world.b1;
    const tunnel = createTcpServer((client) => {
      const target = connectTcp(address);
      client.on('data', (chunk) => {
        for (const byte of Buffer.isBuffer(chunk) ? chunk : []) target.write(Buffer.of(byte));
      });
      target.pipe(client);
    });
    const path = 'path' in address ? `${address.path}.t` : '';
    await new Promise<void>((resolve) => tunnel.listen(path, resolve));
    const options = { ...certificate(), path };
    expect(await call(options)).to.contain('200 OK');
    tunnel.close();
    const rubbish = Buffer.concat([
      Buffer.from('1603010040', 'hex'),
      createHash('sha512').digest(),
    ]);
    expect(await world.mesh.time.until(raw(address, rubbish))).to.not.contain('HTTP');
    expect(world.b1.app.seen).to.have.length(1);
  });

  describe('an endpoint that is not who discovery says', () => {
    const impostors: [what: string, leaf: () => ReturnType<typeof certificate>][] = [
      ['another service', () => certificate({ names: [nameOf('client')] })],
      ['an expired certificate', () => certificate({ names: [nameOf('x')], ...ended })],
      ['another authority', () => certificate({ names: [nameOf('x')] }, new TestAuthority())],
      [
        'a certificate for clients only',
        () => certificate({ names: [nameOf('x')], usages: [CLIENT_AUTH] }),
      ],
      ['a URI as its only name', () => certificate({ names: [`uri:spiffe://${nameOf('x')}`] })],
    ];
    for (const [what, leaf] of impostors) {
      it(`24 hears nothing when it has ${what}`, async () => {
        let heard = '';
        const impostor = await world.addPod({ name: 'x', impostor: true });
        const { key, cert } = leaf();
        const listener = createServer({ key, cert, ALPNProtocols: ['http/1.1'] }, (socket) => {
          socket.on('data', (chunk) => (heard += chunk.toString()));
          socket.on('error', () => socket.destroy());
        });
        await expectNothing(listener, impostor.address);
        expect(heard).to.equal('');
      });
    }

    it('18 hears nothing but a ClientHello when it speaks no TLS', async () => {
      const heard: Buffer[] = [];
      const impostor = await world.addPod({ name: 'x', impostor: true });
      const listener = createTcpServer((socket) => {
        socket.on('data', (chunk) => {
          heard.push(Buffer.from(chunk));
          socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        });
        socket.on('error', () => socket.destroy());
      });
      await expectNothing(listener, impostor.address);
      expect(heard[0]?.[0], 'a handshake').to.equal(0x16);
      expect(Buffer.concat(heard).toString('latin1')).to.not.contain('GET');
    });

    async function expectNothing(listener: Server, address: World['b1']['address']): Promise<void> {
      await new Promise<void>((resolve) => listener.listen(address, resolve));
      await world.mesh.apply(service('b', { selector: { app: 'x' } }));
      const reply = await world.get();
      expect(reply.status, 'no endpoint is ready').to.equal(504);
      listener.close();
    }
  });
});
