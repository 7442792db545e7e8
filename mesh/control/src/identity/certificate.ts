import { createHash, randomBytes, sign, type KeyObject, type X509Certificate } from 'node:crypto';
import { commonNameMax, subjectOf } from '@faultline/mesh-core/csr';
import {
  bitString,
  children,
  decode,
  type Der,
  encode,
  integer,
  oid,
  oidOf,
  sequence,
  tags,
  time,
} from '@faultline/mesh-core/der';

/** Object identifiers of what our certificates and requests are made of. */
export const ids = {
  commonName: '2.5.4.3',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;

/** Who signs: the subject of its certificate and the key of it. */
export type Signer = {
  readonly subject: Uint8Array;
  readonly keyId: Uint8Array | undefined;
  readonly key: KeyObject;
};

/** A certificate to be made. `publicKey` is a SubjectPublicKeyInfo; times are epoch milliseconds. */
export type Draft = {
  readonly commonName: string;
  readonly publicKey: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** A CA may sign `pathLength` further CAs in a row; a leaf proves `dnsName` as server and client. */
  readonly use: { readonly pathLength: number } | { readonly dnsName: string };
};

/** Signs a certificate, PEM; without a signer it is signed with `key` by itself. */
export function issueCertificate(draft: Draft, signer: Signer | { key: KeyObject }): string {
  const subject = subjectOf(draft.commonName);
  const algorithm = sequence(oid(ids.ecdsaWithSha256));
  const keyId = keyIdOf(draft.publicKey);
  const isSelfSigned = !('subject' in signer);
  const authority = isSelfSigned ? keyId : signer.keyId;
  const body = sequence(
    encode(0xa0, integer(Uint8Array.of(2))),
    // 127 random bits: unguessable, positive, never zero in practice.
    integer(Uint8Array.from(randomBytes(16), (byte, index) => (index === 0 ? byte & 0x7f : byte))),
    algorithm,
    isSelfSigned ? subject : signer.subject,
    sequence(time(draft.notBeforeMs), time(draft.notAfterMs)),
    subject,
    draft.publicKey,
    encode(0xa3, sequence(...extensionsOf(draft, keyId), ...authorityOf(authority))),
  );
  const signature = sign('sha256', body, signer.key);
  return toPem(sequence(body, algorithm, bitString(signature)));
}

/** The signer that a CA's certificate and key make. */
export function signerOf(certificate: X509Certificate, key: KeyObject): Signer {
  const [body] = children(decode(certificate.raw), tags.sequence);
  const fields = children(body, tags.sequence);
  const subject = fields[5];
  if (subject === undefined) throw new Error('read CA certificate: it has no subject');
  const holder = fields.find(({ tag }) => tag === 0xa3);
  const [list] = holder ? children(holder, 0xa3) : [];
  const keyId = list && extensionIn(children(list, tags.sequence), ids.subjectKeyId);
  return { subject: subject.whole, keyId: keyId && decode(keyId).content, key };
}

/** The value of an extension among those of a certificate or request. */
export function extensionIn(extensions: readonly Der[], id: string): Uint8Array | undefined {
  for (const extension of extensions) {
    const [name, ...rest] = children(extension, tags.sequence);
    if (oidOf(name) === id) return rest.find(({ tag }) => tag === tags.octetString)?.content;
  }
  return undefined;
}

function keyIdOf(publicKey: Uint8Array): Uint8Array {
  return createHash('sha256').update(publicKey).digest().subarray(0, 20);
}

function extensionsOf({ use }: Draft, keyId: Uint8Array): Uint8Array[] {
  const keyIdentifier = optional(ids.subjectKeyId, encode(tags.octetString, keyId));
  const isTrue = encode(tags.boolean, Uint8Array.of(0xff));
  if ('pathLength' in use) {
    const constraints = sequence(isTrue, integer(Uint8Array.of(use.pathLength)));
    // keyCertSign and cRLSign are bits 5 and 6.
    const usage = bitString(Uint8Array.of(0b0000_0110), 1);
    return [
      critical(ids.basicConstraints, constraints),
      critical(ids.keyUsage, usage),
      keyIdentifier,
    ];
  }
  const name = encode(0x82, new TextEncoder().encode(use.dnsName));
  return [
    critical(ids.basicConstraints, sequence()),
    // digitalSignature is bit 0.
    critical(ids.keyUsage, bitString(Uint8Array.of(0b1000_0000), 7)),
    optional(ids.extendedKeyUsage, sequence(oid(ids.serverAuth), oid(ids.clientAuth))),
    // The one name there is must be understood.
    use.dnsName.length > commonNameMax
      ? critical(ids.subjectAltName, sequence(name))
      : optional(ids.subjectAltName, sequence(name)),
    keyIdentifier,
  ];
}

function authorityOf(keyId: Uint8Array | undefined): Uint8Array[] {
  if (keyId === undefined) return [];
  return [optional(ids.authorityKeyId, sequence(encode(0x80, keyId)))];
}

function optional(id: string, value: Uint8Array): Uint8Array {
  return sequence(oid(id), encode(tags.octetString, value));
}

function critical(id: string, value: Uint8Array): Uint8Array {
  const isTrue = encode(tags.boolean, Uint8Array.of(0xff));
  return sequence(oid(id), isTrue, encode(tags.octetString, value));
}

function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
