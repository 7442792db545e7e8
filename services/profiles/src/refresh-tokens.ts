import { createHash, createHmac, randomBytes } from 'node:crypto';

/** A refresh token: 256 random bits, base64url. */
export function newRefreshToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether `text` could be a refresh token at all. */
export function isRefreshToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}

/** What the database knows of a token. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * The successor of `token`, masked so that only who holds `token` can read it: a client whose
 * parallel requests were all made with `token` is given the same successor each time.
 */
export function sealSuccessor(token: string, successor: string): Buffer {
  return mask(token, Buffer.from(successor, 'base64url'));
}

/** The reverse of {@link sealSuccessor}. */
export function openSuccessor(token: string, sealed: Buffer): string {
  return mask(token, sealed).toString('base64url');
}

function mask(token: string, bytes: Buffer): Buffer {
  const pad = createHmac('sha256', token).update('successor').digest();
  return Buffer.from(bytes.map((byte, index) => byte ^ (pad[index] ?? 0)));
}
