import { generateKeyPairSync, sign } from 'node:crypto';
import { der, oid } from './der.ts';

const SEQUENCE = 0x30;
const SET = 0x31;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const DNS_NAME = 0x82;
const ATTRIBUTES = 0xa0;
const VERSION_0 = Buffer.from([0x02, 0x01, 0x00]);

/** A key for one life of the process, and the request for certificates over it. */
export type KeyAndRequest = { readonly keyPem: string; readonly csrPem: string };

/** An ECDSA P-256 key and a PKCS#10 request for `name`: as common name and as the one DNS name. */
export function createKeyAndRequest(name: string): KeyAndRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const text = Buffer.from(name, 'ascii');
  const info = der(
    SEQUENCE,
    VERSION_0,
    commonName(text),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensionRequest(text),
  );
  const signature = sign('sha256', info, privateKey);
  const request = der(
    SEQUENCE,
    info,
    der(SEQUENCE, oid('1.2.840.10045.4.3.2')),
    der(BIT_STRING, Buffer.from([0]), signature),
  );
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    csrPem: pem('CERTIFICATE REQUEST', request),
  };
}

/** X.520 bounds common names to 64 characters; longer names stand in the DNS name alone. */
function commonName(text: Buffer): Buffer {
  if (text.length > 64) return der(SEQUENCE);
  const attribute = der(SEQUENCE, oid('2.5.4.3'), der(UTF8_STRING, text));
  return der(SEQUENCE, der(SET, attribute));
}

function extensionRequest(text: Buffer): Buffer {
  const names = der(SEQUENCE, der(DNS_NAME, text));
  const extension = der(SEQUENCE, oid('2.5.29.17'), der(OCTET_STRING, names));
  const extensions = der(SET, der(SEQUENCE, extension));
  return der(ATTRIBUTES, der(SEQUENCE, oid('1.2.840.113549.1.9.14'), extensions));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
