import { generateKeyPairSync, sign } from 'node:crypto';
import { encodeCsr } from '@faultline/mesh-core/csr';

/** A key for one life of the process, and the request for certificates over it. */
export type KeyAndRequest = { readonly keyPem: string; readonly csrPem: string };

/** An ECDSA P-256 key and a PKCS #10 request for the one DNS name `name`. */
export function createKeyAndRequest(name: string): KeyAndRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const request = encodeCsr({
    name,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    sign: (bytes) => sign('sha256', bytes, privateKey),
  });
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    csrPem: pem('CERTIFICATE REQUEST', request),
  };
}

function pem(label: string, content: Uint8Array): string {
  const lines = Buffer.from(content)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
