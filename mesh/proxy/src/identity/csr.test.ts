import { expect } from 'chai';
import { createPublicKey, verify } from 'node:crypto';
import { readRequest, TestAuthority } from '../../test/support/pki.ts';
import { createCredentials } from '../net/tls.ts';
import { createKeyAndRequest } from './csr.ts';
import { identityName, renewAfterMs } from './renewal.ts';

describe('identity of a proxy', () => {
  it('asks for its one DNS name with a key of its own, and signs that it holds it', () => {
    const name = identityName('orders', 'shop');
    const { keyPem, csrPem } = createKeyAndRequest(name);
    const { publicKey, dnsName } = readRequest(csrPem);
    expect(dnsName).to.equal('orders.shop.serviceaccount.identity.linkerd.cluster.local');
    expect(publicKey.equals(createPublicKey(keyPem))).to.equal(true);
    const { info, signature } = takeApart(csrPem);
    expect(verify('sha256', info, publicKey, signature)).to.equal(true);
  });

  it('gets a certificate for it that its key fits', () => {
    const authority = new TestAuthority();
    const { keyPem, csrPem } = createKeyAndRequest(identityName('a', 'b'));
    const credentials = {
      name: 'x',
      keyPem,
      chainPem: authority.sign(csrPem),
      anchorsPem: authority.pem,
    };
    expect(createCredentials(credentials).name).to.equal('x');
    const other = createKeyAndRequest('other').keyPem;
    expect(() => createCredentials({ ...credentials, keyPem: other })).to.throw();
  });

  it('renews at 70 % of what is left, between 10 s and a day', () => {
    expect(renewAfterMs(100_000, 0)).to.equal(70_000);
    expect(renewAfterMs(1_000, 0)).to.equal(10_000);
    expect(renewAfterMs(0, 50_000)).to.equal(10_000);
    expect(renewAfterMs(10 * 86_400_000, 0)).to.equal(86_400_000);
  });
});

/** The signed part and the signature of a request: first and last of its three elements. */
function takeApart(csrPem: string): { info: Buffer; signature: Buffer } {
  const bytes = Buffer.from(csrPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const content = element(bytes, 0).content;
  const info = element(content, 0);
  const algorithm = element(content, info.end);
  return {
    info: content.subarray(0, info.end),
    signature: element(content, algorithm.end).content.subarray(1),
  };
}

function element(bytes: Buffer, at: number): { content: Buffer; end: number } {
  const first = bytes[at + 1] ?? 0;
  const longBytes = first > 0x80 ? first - 0x80 : 0;
  const length = longBytes > 0 ? bytes.readUIntBE(at + 2, longBytes) : first;
  const start = at + 2 + longBytes;
  return { content: bytes.subarray(start, start + length), end: start + length };
}
