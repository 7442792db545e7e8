import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { encodeCsr } from '@faultline/mesh-core/csr';
import { bitString, encode, integer, oid, sequence, tags, utf8 } from '@faultline/mesh-core/der';
import { ids } from '../src/identity/certificate.ts';

type Keys = { publicKey: KeyObject; privateKey: KeyObject };

function newKeys(namedCurve = 'prime256v1'): Keys {
  return generateKeyPairSync('ec', { namedCurve });
}

function spki({ publicKey }: Keys): Uint8Array {
  return publicKey.export({ format: 'der', type: 'spki' });
}

function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}

/** A request as proxies make it, with its key. */
export function newRequest(name: string): { csrPem: string; keyPem: string } {
  const keys = newKeys();
  const der = encodeCsr({
    name,
    publicKey: spki(keys),
    sign: (bytes) => sign('sha256', bytes, keys.privateKey),
  });
  const keyPem = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { csrPem: toPem(der), keyPem };
}

/** A request as no proxy makes it. `others` are tags of further names. */
export function createRequest(change: {
  dnsNames?: readonly string[];
  others?: readonly number[];
  commonName?: string;
  curve?: string;
  keys?: Keys;
  signedByOther?: boolean;
}): string {
  const keys = change.keys ?? newKeys(change.curve);
  const signer = change.signedByOther ? newKeys() : keys;
  const text = (value: string) => new TextEncoder().encode(value);
  const names = [
    ...(change.dnsNames ?? []).map((name) => encode(0x82, text(name))),
    ...(change.others ?? []).map((tag) => encode(tag, text('abcd'))),
  ];
  const { commonName = change.dnsNames?.[0] ?? '' } = change;
  const pair = encode(tags.set, sequence(oid(ids.commonName), utf8(commonName)));
  const extension = sequence(oid(ids.subjectAltName), encode(tags.octetString, sequence(...names)));
  const attribute = sequence(oid('1.2.840.113549.1.9.14'), encode(tags.set, sequence(extension)));
  const info = sequence(
    integer(Uint8Array.of(0)),
    commonName === '' ? sequence() : sequence(pair),
    spki(keys),
    encode(0xa0, names.length > 0 ? attribute : new Uint8Array()),
  );
  const signature = bitString(sign('sha256', info, signer.privateKey));
  return toPem(sequence(info, sequence(oid(ids.ecdsaWithSha256)), signature));
}
