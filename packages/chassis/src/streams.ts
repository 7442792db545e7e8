import type { Redis } from 'ioredis';

/** One entry of a stream as it was read. */
export type StreamEntry = { id: string; fields: Record<string, string> };

/** What has to be counted one by one is counted this far. */
const LAG_COUNTED_MAX = 10_000;

/** Orders Redis stream entry ids (`milliseconds-sequence`): negative, zero or positive. */
export function compareEntryIds(a: string, b: string): number {
  const [aMs = 0n, aSeq = 0n] = a.split('-').map(BigInt);
  const [bMs = 0n, bSeq = 0n] = b.split('-').map(BigInt);
  return aMs === bMs ? Number(aSeq - bSeq) : Number(aMs - bMs);
}

/** The newest id the stream ever gave out; `0-0` when there is no such stream. */
export async function lastEntryId(redis: Redis, stream: string): Promise<string> {
  const info = await optional(redis.xinfo('STREAM', stream));
  return toRecord(info)['last-generated-id'] ?? '0-0';
}

/** Creates `group` at the beginning of the stream, and the stream, unless they exist. */
export async function ensureGroup(redis: Redis, stream: string, group: string): Promise<void> {
  await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM').catch((error: unknown) => {
    if (!(error instanceof Error && error.message.includes('BUSYGROUP'))) throw error;
  });
}

/** Where a group stands: entries it has not read yet, and read but not acknowledged. */
export async function groupLag(
  redis: Redis,
  stream: string,
  group: string,
): Promise<{ lag: number; pending: number }> {
  const found = (await groups(redis, stream)).find((candidate) => candidate['name'] === group);
  if (!found) return { lag: 0, pending: 0 };
  return { lag: await lagOf(redis, stream, found), pending: Number(found['pending']) };
}

/** Redis does not know the lag of a group once entries it had counted are gone. */
async function lagOf(redis: Redis, stream: string, group: Record<string, string>): Promise<number> {
  const told = Number(group['lag']);
  if (!Number.isNaN(told)) return told;
  const after = `(${group['last-delivered-id']}`;
  return (await redis.xrange(stream, after, '+', 'COUNT', LAG_COUNTED_MAX)).length;
}

/**
 * Removes entries older than `beforeMs` (epoch) that every group has read and acknowledged. An
 * entry some group still needs stays, however old.
 */
export async function trimHandled(redis: Redis, stream: string, beforeMs: number): Promise<void> {
  let minId = `${beforeMs}-0`;
  for (const group of await groups(redis, stream)) {
    const needed = await oldestNeeded(redis, stream, group);
    if (compareEntryIds(needed, minId) < 0) minId = needed;
  }
  await redis.xtrim(stream, 'MINID', minId);
}

/** Entries of an XREADGROUP, XRANGE or XAUTOCLAIM reply; deleted entries (nil) are left out. */
export function toEntries(reply: unknown): StreamEntry[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((item: unknown) => {
    if (!Array.isArray(item) || !Array.isArray(item[1])) return [];
    return [{ id: String(item[0]), fields: toRecord(item[1]) }];
  });
}

async function groups(redis: Redis, stream: string): Promise<Record<string, string>[]> {
  const reply = await optional(redis.xinfo('GROUPS', stream));
  return Array.isArray(reply) ? reply.map(toRecord) : [];
}

async function oldestNeeded(
  redis: Redis,
  stream: string,
  group: Record<string, string>,
): Promise<string> {
  if (Number(group['pending'] ?? 0) === 0) return group['last-delivered-id'] ?? '0-0';
  const summary: unknown = await redis.xpending(stream, group['name'] ?? '');
  return Array.isArray(summary) && summary[1] ? String(summary[1]) : '0-0';
}

function toRecord(flat: unknown): Record<string, string> {
  const record: Record<string, string> = {};
  if (!Array.isArray(flat)) return record;
  for (let i = 0; i + 1 < flat.length; i += 2) record[String(flat[i])] = String(flat[i + 1]);
  return record;
}

async function optional(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof Error && error.message.includes('no such key')) return undefined;
    throw error;
  }
}
