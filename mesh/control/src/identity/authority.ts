import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { issueCertificate, type Signer, signerOf } from './certificate.ts';

/** A CA: its certificate and key, PEM. */
export type AuthorityPem = { readonly certificatePem: string; readonly keyPem: string };

/** A CA that can sign. */
export type Authority = AuthorityPem & {
  readonly certificate: X509Certificate;
  readonly signer: Signer;
  readonly notAfterMs: number;
};

const dayMs = 86_400_000;
const anchorLifetimeMs = 3_650 * dayMs;
const issuerLifetimeMs = 365 * dayMs;
/** Clocks may differ by this much. */
export const clockSkewMs = 20_000;

/** Reads a CA; throws an error that says why it cannot be one. */
export function openAuthority({ certificatePem, keyPem }: AuthorityPem): Authority {
  const certificate = new X509Certificate(certificatePem);
  const key = createPrivateKey(keyPem);
  const name = certificate.subject;
  if (!certificate.ca) throw new Error(`open issuer ${name}: expected a CA certificate`);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error(`open issuer ${name}: expected an ECDSA key on P-256`);
  }
  if (!certificate.checkPrivateKey(key)) {
    throw new Error(`open issuer ${name}: its key belongs to another certificate`);
  }
  const notAfterMs = Date.parse(certificate.validTo);
  return { certificatePem, keyPem, certificate, signer: signerOf(certificate, key), notAfterMs };
}

/** A new trust anchor, good for ten years. */
export function createAnchor(trustDomain: string, nowMs: number): AuthorityPem {
  const { publicKey, privateKey } = newKey();
  const certificatePem = issueCertificate(
    {
      commonName: `root.linkerd.${trustDomain}`,
      publicKey,
      notBeforeMs: nowMs - clockSkewMs,
      notAfterMs: nowMs + anchorLifetimeMs,
      use: { pathLength: 1 },
    },
    { key: privateKey },
  );
  return { certificatePem, keyPem: toPem(privateKey) };
}

/** A new issuer below `anchor`, good for a year but no longer than the anchor. */
export function createIssuer(
  trustDomain: string,
  { anchor, nowMs }: { anchor: Authority; nowMs: number },
): AuthorityPem {
  const { publicKey, privateKey } = newKey();
  const certificatePem = issueCertificate(
    {
      commonName: `identity.linkerd.${trustDomain}`,
      publicKey,
      notBeforeMs: nowMs - clockSkewMs,
      notAfterMs: Math.min(nowMs + issuerLifetimeMs, anchor.notAfterMs),
      use: { pathLength: 0 },
    },
    anchor.signer,
  );
  return { certificatePem, keyPem: toPem(privateKey) };
}

/** Whether `anchor` signed `certificate`. */
export function isIssuedBy(certificate: X509Certificate, anchor: X509Certificate): boolean {
  return certificate.checkIssued(anchor) && certificate.verify(anchor.publicKey);
}

function newKey(): { publicKey: Uint8Array; privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return { publicKey: publicKey.export({ format: 'der', type: 'spki' }), privateKey };
}

function toPem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}
