import { randomBytes } from 'node:crypto';

/** The machine's randomness, for choices; not for secrets. */
export const systemRandom = (): number => Math.random();

/** 16 hexadecimal digits. */
export function randomSpanId(): string {
  return randomBytes(8).toString('hex');
}
