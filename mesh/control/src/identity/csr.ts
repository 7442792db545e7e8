import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { children, decode, type Der, DerError, oidOf, tags } from '@faultline/mesh-core/der';
import { extensionIn, ids } from './certificate.ts';

const extensionRequest = '1.2.840.113549.1.9.14';
const pemBytesMax = 8_192;

/** A request for a certificate that is not granted. */
export class CsrRefused extends Error {
  constructor(reason: string) {
    super(`certify: ${reason}`);
    this.name = 'CsrRefused';
  }
}

/**
 * Checks a PKCS #10 request as Linkerd's identity controller does: exactly one DNS name, which is
 * `identity`; no other alternative names; a common name only if it is the same; a P-256 key that
 * signed it. Answers the key as SubjectPublicKeyInfo. Throws `CsrRefused`.
 */
export function checkCsr(csrPem: string, identity: string): Uint8Array {
  try {
    return check(decode(fromPem(csrPem)), identity);
  } catch (error) {
    if (error instanceof DerError) throw new CsrRefused(`the CSR is not valid: ${error.message}`);
    throw error;
  }
}

function fromPem(text: string): Uint8Array {
  if (text.length > pemBytesMax) throw new CsrRefused(`the CSR is over ${pemBytesMax} bytes`);
  const body =
    /^-----BEGIN (NEW )?CERTIFICATE REQUEST-----([\sA-Za-z0-9+/=]+)-----END (NEW )?CERTIFICATE REQUEST-----\s*$/.exec(
      text.trim(),
    )?.[2];
  if (body === undefined) throw new CsrRefused('the CSR is not one PEM block');
  return Buffer.from(body, 'base64');
}

function check(csr: Der, identity: string): Uint8Array {
  const [info, algorithm, signature] = children(csr, tags.sequence);
  const [, subject, publicKey, attributes] = children(info, tags.sequence);
  const { dnsNames, others } = alternativeNames(attributes);
  const [dnsName] = dnsNames;
  if (others > 0) throw new CsrRefused('e-mail, IP, URI and other names are not allowed');
  if (dnsNames.length !== 1 || dnsName !== identity) {
    throw new CsrRefused(`expected the one DNS name ${identity}, found: ${dnsNames.join(', ')}`);
  }
  const wrong = commonNames(subject).find((name) => name !== '' && name !== identity);
  if (wrong !== undefined) throw new CsrRefused(`the common name is ${wrong}, not ${identity}`);
  if (publicKey === undefined || info === undefined) throw new CsrRefused('it has no key');
  const key = readKey(publicKey.whole);
  const [algorithmId] = children(algorithm, tags.sequence);
  const isSigned =
    oidOf(algorithmId) === ids.ecdsaWithSha256 &&
    signature?.tag === tags.bitString &&
    verify('sha256', info.whole, key, signature.content.subarray(1));
  if (!isSigned) throw new CsrRefused('its signature (ECDSA, SHA-256) does not fit its key');
  return publicKey.whole;
}

function readKey(spki: Uint8Array): KeyObject {
  const key = parseKey(spki);
  if (key?.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new CsrRefused('the key is not an ECDSA key on P-256');
}

function parseKey(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    // OpenSSL's reasons say nothing that helps the sender.
    return undefined;
  }
}

function commonNames(subject: Der | undefined): string[] {
  return children(subject, tags.sequence).flatMap((set) =>
    children(set, tags.set).flatMap((pair) => {
      const [id, value] = children(pair, tags.sequence);
      return oidOf(id) === ids.commonName && value ? [textOf(value.content)] : [];
    }),
  );
}

function alternativeNames(attributes: Der | undefined): { dnsNames: string[]; others: number } {
  const names = requested(attributes).flatMap((extensions) => {
    const value = extensionIn(extensions, ids.subjectAltName);
    return value ? children(decode(value), tags.sequence) : [];
  });
  const dnsNames = names.filter(({ tag }) => tag === 0x82).map(({ content }) => textOf(content));
  return { dnsNames, others: names.length - dnsNames.length };
}

/** The lists of extensions that a request asks for; there should be one at most. */
function requested(attributes: Der | undefined): Der[][] {
  if (attributes === undefined) return [];
  return children(attributes, 0xa0).flatMap((attribute) => {
    const [id, values] = children(attribute, tags.sequence);
    if (oidOf(id) !== extensionRequest) return [];
    return children(values, tags.set).map((list) => children(list, tags.sequence));
  });
}

/** Only exact names are compared, so one that is not UTF-8 fits nothing. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes);
}
