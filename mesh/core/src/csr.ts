import { bitString, encode, integer, oid, sequence, tags, utf8 } from './der.ts';

const ids = {
  commonName: '2.5.4.3',
  subjectAltName: '2.5.29.17',
  extensionRequest: '1.2.840.113549.1.9.14',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;

/** X.520 bounds common names to this; longer names stand in the DNS name alone. */
export const commonNameMax = 64;

/** A subject with `name` as its common name, or with none when it is too long for one. */
export function subjectOf(name: string): Uint8Array {
  if (name.length > commonNameMax) return sequence();
  return sequence(encode(tags.set, sequence(oid(ids.commonName), utf8(name))));
}

/**
 * A PKCS #10 request, DER, for a certificate of the DNS name `name`. `publicKey` is a P-256 key as
 * SubjectPublicKeyInfo; `sign` answers the DER signature, ECDSA with SHA-256, of what it is given.
 */
export function encodeCsr(request: {
  name: string;
  publicKey: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}): Uint8Array {
  const dnsName = encode(0x82, new TextEncoder().encode(request.name));
  const extension = sequence(oid(ids.subjectAltName), encode(tags.octetString, sequence(dnsName)));
  const attribute = sequence(oid(ids.extensionRequest), encode(tags.set, sequence(extension)));
  const info = sequence(
    integer(Uint8Array.of(0)),
    subjectOf(request.name),
    request.publicKey,
    encode(0xa0, attribute),
  );
  const algorithm = sequence(oid(ids.ecdsaWithSha256));
  return sequence(info, algorithm, bitString(request.sign(info)));
}
