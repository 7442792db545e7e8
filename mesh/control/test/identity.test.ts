import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { connect, createServer } from 'node:tls';
import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { createAnchor, createIssuer, openAuthority } from '../src/identity/authority.ts';
import { issueCertificate } from '../src/identity/certificate.ts';
import { CsrRefused } from '../src/identity/csr.ts';
import { Identity, type IdentityOptions } from '../src/identity/identity.ts';
import { createRequest, newRequest } from './csr.ts';

const name = 'orders.default.serviceaccount.identity.linkerd.cluster.local';
const dayMs = 86_400_000;

describe('identity', () => {
  let dir: string;
  let clock: FakeClock;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'identity-'));
    clock = new FakeClock(Date.UTC(2030, 5, 1));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const open = (change: Partial<IdentityOptions> = {}) =>
    Identity.open({ dir, clock, trustDomain: 'cluster.local', ...change });

  it('signs a leaf for the identity, 24 h from now and valid 20 s ago, below its issuer', async () => {
    const identity = await open();
    const { chainPem, anchorsPem, notAfterMs } = identity.certify(newRequest(name).csrPem, name);
    const [leaf, issuer] = split(chainPem);
    const [anchor] = split(anchorsPem);
    expect(leaf).to.include({ subject: `CN=${name}`, subjectAltName: `DNS:${name}`, ca: false });
    expect(leaf?.keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(Date.parse(leaf?.validFrom ?? '')).to.equal(clock.now() - 20_000);
    expect(Date.parse(leaf?.validTo ?? ''))
      .to.equal(clock.now() + dayMs)
      .and.equal(notAfterMs);
    expect(issuer && leaf?.checkIssued(issuer) && leaf.verify(issuer.publicKey)).to.equal(true);
    expect(anchor && issuer?.checkIssued(anchor) && issuer.verify(anchor.publicKey)).to.equal(true);
    expect(issuer?.ca).to.equal(true);
    const years = Date.parse(anchor?.validTo ?? '') - clock.now();
    expect(years / dayMs).to.equal(3_650);
  });

  it('signs leaves that authenticate both ends of TLS 1.3', async () => {
    clock = new FakeClock(Date.now());
    const identity = await open();
    // Longer than X.520 allows for a common name, which nobody compares.
    const long = name.replace('orders', 'notifications');
    const [client, server] = [newRequest('a.x'), newRequest(long)];
    const [mine, theirs] = [
      identity.certify(client.csrPem, 'a.x'),
      identity.certify(server.csrPem, long),
    ];
    const listener = createServer({
      key: server.keyPem,
      cert: theirs.chainPem,
      ca: theirs.anchorsPem,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    if (typeof address !== 'object' || !address) throw new Error('expected a port');
    const seen = new Promise<string | undefined>((resolve) => {
      listener.once('secureConnection', (socket) => {
        resolve(socket.getPeerX509Certificate()?.subjectAltName);
        socket.end('hello');
      });
    });
    const socket = connect({
      port: address.port,
      host: '127.0.0.1',
      servername: long,
      key: client.keyPem,
      cert: mine.chainPem,
      ca: mine.anchorsPem,
    });
    await once(socket, 'data');
    expect(await seen).to.equal('DNS:a.x');
    expect(socket.getProtocol()).to.equal('TLSv1.3');
    socket.destroy();
    listener.close();
  });

  it('keeps its keys, readable by this user only, and the tokens derived from them', async () => {
    const before = await open();
    const after = await open();
    expect(after.anchorsPem).to.equal(before.anchorsPem);
    expect(after.status()).to.deep.equal(before.status());
    expect(after.tokens.accepts('orders-1', before.tokens.tokenOf('orders-1'))).to.equal(true);
    for (const file of readdirSync(dir)) {
      expect(statSync(join(dir, file)).mode & 0o777, file).to.equal(0o600);
    }
    expect(statSync(dir).mode & 0o777).to.equal(0o700);
  });

  it('says which file is broken rather than making new keys', async () => {
    await open();
    writeFileSync(join(dir, 'trust.json'), '{}');
    const error = await open().catch((reason: unknown) => reason);
    expect(String(error)).to.include(join(dir, 'trust.json')).and.include('delete it');
  });

  it('accepts a token for its own instance only', async () => {
    const { tokens } = await open();
    const token = tokens.tokenOf('a');
    expect([tokens.accepts('a', token), tokens.accepts('b', token)]).to.deep.equal([true, false]);
    for (const wrong of ['', `${token}x`, token.slice(1)]) {
      expect(tokens.accepts('a', wrong)).to.equal(false);
    }
  });

  describe('refuses a CSR', () => {
    const cases: [what: string, change: Parameters<typeof createRequest>[0], reason: RegExp][] = [
      ['for another name', { dnsNames: ['payments.x'] }, /expected the one DNS name/],
      ['for two names', { dnsNames: [name, 'other.x'] }, /expected the one DNS name/],
      ['for the same name twice', { dnsNames: [name, name] }, /expected the one DNS name/],
      ['for no name', { dnsNames: [] }, /expected the one DNS name/],
      ['for a wildcard', { dnsNames: ['*.cluster.local'] }, /expected the one DNS name/],
      ['with another common name', { commonName: 'admin' }, /the common name is admin/],
      ['with an e-mail address', { others: [0x81] }, /e-mail, IP, URI/],
      ['with a URI', { others: [0x86] }, /e-mail, IP, URI/],
      ['with an IP address', { others: [0x87] }, /e-mail, IP, URI/],
      ['with a key on P-384', { curve: 'secp384r1' }, /P-256/],
      ['that another key signed', { signedByOther: true }, /does not fit its key/],
    ];
    for (const [what, change, reason] of cases) {
      it(what, async () => {
        const identity = await open();
        const csrPem = createRequest({ dnsNames: [name], ...change });
        expect(() => identity.certify(csrPem, name)).to.throw(CsrRefused, reason);
      });
    }

    it('with an RSA key', async () => {
      const identity = await open();
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
      const csrPem = createRequest({ dnsNames: [name], keys: { publicKey, privateKey } });
      expect(() => identity.certify(csrPem, name)).to.throw(CsrRefused, 'P-256');
    });

    it('that is not one, or too long', async () => {
      const identity = await open();
      const { csrPem } = newRequest(name);
      const body = csrPem.split('\n').slice(1, -1).join('');
      const broken = [
        ...['', 'hello', csrPem + csrPem, csrPem.replace(/REQUEST/g, 'QUEST')],
        `-----BEGIN CERTIFICATE REQUEST-----\n${body.slice(0, -8)}\n-----END CERTIFICATE REQUEST-----`,
        `-----BEGIN CERTIFICATE REQUEST-----\n${'A'.repeat(9_000)}\n-----END CERTIFICATE REQUEST-----`,
      ];
      for (const text of broken) expect(() => identity.certify(text, name)).to.throw(CsrRefused);
    });

    it('but not one without a common name', async () => {
      const identity = await open();
      const csrPem = createRequest({ dnsNames: [name], commonName: '' });
      expect(identity.certify(csrPem, name).chainPem).to.include('BEGIN CERTIFICATE');
    });
  });

  it('lets no leaf outlive its chain, and signs none when that has expired', async () => {
    const identity = await open();
    const { csrPem } = newRequest(name);
    await clock.advance(364.5 * dayMs);
    const end = identity.status().issuer.notAfterMs;
    expect(identity.certify(csrPem, name).notAfterMs).to.equal(end);
    await clock.advance(dayMs);
    expect(() => identity.certify(csrPem, name)).to.throw('the issuer expired; rotate it');
    await identity.rotateIssuer();
    expect(identity.certify(csrPem, name).notAfterMs).to.be.greaterThan(clock.now());
  });

  it('rotates its anchor in three steps, trusting both in between', async () => {
    const identity = await open();
    const { csrPem } = newRequest(name);
    const old = identity.certify(csrPem, name);
    await identity.addAnchor();
    const middle = identity.certify(csrPem, name);
    expect(split(middle.anchorsPem)).to.have.length(2);
    expect(middle.anchorsPem).to.include(old.anchorsPem);
    let error = await identity.retireAnchors().catch((reason: unknown) => reason);
    expect(String(error)).to.include('rotate the issuer first');
    await identity.rotateIssuer();
    const [, issuer] = split(identity.certify(csrPem, name).chainPem);
    const [first, second] = split(identity.anchorsPem);
    expect(first && issuer?.verify(first.publicKey)).to.equal(false);
    expect(second && issuer?.verify(second.publicKey)).to.equal(true);
    await identity.retireAnchors();
    expect(split(identity.anchorsPem)).to.have.length(1);
    error = await open().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Identity);
  });

  it('takes an issuer of one’s own, if it is a CA below the anchors', async () => {
    const anchor = createAnchor('corp.test', clock.now());
    const issuer = createIssuer('corp.test', { anchor: openAuthority(anchor), nowMs: clock.now() });
    const given = { anchorsPem: [anchor.certificatePem], issuer };
    const identity = await open({ given });
    const { chainPem } = identity.certify(newRequest(name).csrPem, name);
    expect(chainPem).to.include(issuer.certificatePem);
    const other = createAnchor('corp.test', clock.now()).certificatePem;
    const foreign = await open({ given: { anchorsPem: [other], issuer } }).catch(String);
    expect(foreign).to.include('trust anchors');
    const leaf = { certificatePem: split(chainPem)[0]?.toString() ?? '', keyPem: issuer.keyPem };
    const noCa = await open({ given: { anchorsPem: [other], issuer: leaf } }).catch(String);
    expect(noCa).to.include('expected a CA certificate');
  });

  it('issues certificates with times beyond 2049', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const pem = issueCertificate(
      {
        commonName: 'late',
        publicKey: publicKey.export({ format: 'der', type: 'spki' }),
        notBeforeMs: Date.UTC(2049, 11, 31),
        notAfterMs: Date.UTC(2050, 0, 2),
        use: { pathLength: 0 },
      },
      { key: privateKey },
    );
    const certificate = new X509Certificate(pem);
    expect(Date.parse(certificate.validTo)).to.equal(Date.UTC(2050, 0, 2));
    expect(sign('sha256', Buffer.of(), privateKey)).to.have.property('byteLength');
  });
});

function split(pem: string): X509Certificate[] {
  return pem
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter((text) => text !== '')
    .map((text) => new X509Certificate(text));
}
