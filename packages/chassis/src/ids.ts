import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';

/** A new UUIDv7 (RFC 9562): 48 bits of milliseconds, then randomness, so that ids sort by age. */
export function uuidv7(clock: Clock): string {
  return formatV7(clock.now(), randomBytes(10));
}

/**
 * The same UUIDv7 for the same `kind` and `name`, always: for seed data that several services
 * refer to without asking each other. Its timestamp is fixed at 2026-01-01.
 */
export function seedId(kind: string, name: string): string {
  const hash = createHash('sha256').update(`${kind}:${name}`).digest();
  return formatV7(Date.UTC(2026, 0, 1), hash.subarray(0, 10));
}

/** Whether `text` is a UUID in the canonical lower-case form. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}

function formatV7(ms: number, random: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(ms, 0, 6);
  bytes.set(random.subarray(0, 10), 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
