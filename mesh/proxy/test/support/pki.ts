import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { encode as der, oid } from '@faultline/mesh-core/der';

const SEQUENCE = 0x30;
const DAY_MS = 86_400_000;
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

export type Leaf = {
  /** DNS names; one of the form `uri:…` becomes a URI. */
  names?: string[];
  notBefore?: Date;
  notAfter?: Date;
  usages?: string[];
};

/** A certificate authority of a test. */
export class TestAuthority {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #name = nameOf(`root ${Math.random()}`);
  readonly pem: string;
  /** For an identity controller that is to sign with it. */
  readonly keyPem = this.#keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  constructor() {
    this.pem = this.#certificate(this.#keys.publicKey, {
      subject: this.#name,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + 10 * DAY_MS),
      extensions: [
        extension('2.5.29.19', der(SEQUENCE, der(0x01, Buffer.from([0xff]))), 'critical'),
      ],
    });
  }

  /** Its own key and certificate, for one who has no other. */
  get selfSigned(): { key: string; cert: string } {
    return { key: this.keyPem, cert: this.pem };
  }

  /** Signs the request of a proxy, as the control plane does. */
  sign(csrPem: string, leaf: Leaf = {}): string {
    const { publicKey, dnsName } = readRequest(csrPem);
    return this.#leaf(publicKey, { names: [dnsName], ...leaf });
  }

  /** A key and certificate of a test's own. */
  issue(leaf: Leaf & { names: string[] }): { keyPem: string; chainPem: string } {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return {
      keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      chainPem: this.#leaf(publicKey, leaf),
    };
  }

  #leaf(publicKey: KeyObject, leaf: Leaf & { names?: string[] }): string {
    const names = (leaf.names ?? []).map((name) =>
      name.startsWith('uri:')
        ? der(0x86, Buffer.from(name.slice(4)))
        : der(0x82, Buffer.from(name)),
    );
    const usages = (leaf.usages ?? [SERVER_AUTH, CLIENT_AUTH]).map(oid);
    return this.#certificate(publicKey, {
      subject: nameOf('leaf'),
      notBefore: leaf.notBefore ?? new Date(Date.now() - 20_000),
      notAfter: leaf.notAfter ?? new Date(Date.now() + DAY_MS),
      extensions: [
        extension('2.5.29.17', der(SEQUENCE, ...names)),
        extension('2.5.29.37', der(SEQUENCE, ...usages)),
      ],
    });
  }

  #certificate(
    publicKey: KeyObject,
    of: { subject: Uint8Array; notBefore: Date; notAfter: Date; extensions: Uint8Array[] },
  ): string {
    const algorithm = der(SEQUENCE, oid('1.2.840.10045.4.3.2'));
    const body = der(
      SEQUENCE,
      der(0xa0, Buffer.from([0x02, 0x01, 0x02])),
      der(0x02, Buffer.from([1, ...Buffer.from(String(Math.random()).slice(2, 10))])),
      algorithm,
      this.#name,
      der(SEQUENCE, time(of.notBefore), time(of.notAfter)),
      of.subject,
      publicKey.export({ type: 'spki', format: 'der' }),
      der(0xa3, der(SEQUENCE, ...of.extensions)),
    );
    const signature = sign('sha256', body, this.#keys.privateKey);
    const certificate = der(SEQUENCE, body, algorithm, der(0x03, Buffer.from([0]), signature));
    return new X509Certificate(certificate).toString();
  }
}

/** The key and the DNS name of a PKCS#10 request. */
export function readRequest(csrPem: string): { publicKey: KeyObject; dnsName: string } {
  const bytes = Buffer.from(csrPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const curve = bytes.indexOf(oid('1.2.840.10045.2.1'));
  const spki = bytes.subarray(curve - 4, curve - 4 + 91);
  const name = bytes.indexOf(oid('2.5.29.17')) + oid('2.5.29.17').length;
  const length = bytes[name + 5] ?? 0;
  return {
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
    dnsName: bytes.subarray(name + 6, name + 6 + length).toString(),
  };
}

function nameOf(common: string): Uint8Array {
  return der(SEQUENCE, der(0x31, der(SEQUENCE, oid('2.5.4.3'), der(0x0c, Buffer.from(common)))));
}

function extension(id: string, value: Uint8Array, critical?: 'critical'): Uint8Array {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return der(SEQUENCE, oid(id), ...flag, der(0x04, value));
}

function time(date: Date): Uint8Array {
  const text = `${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`;
  return der(0x18, Buffer.from(text));
}
