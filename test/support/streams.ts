import { eventEnvelope } from '@faultline/chassis/events';
import { toEntries } from '@faultline/chassis/streams';
import type { Redis } from 'ioredis';

/** An event as an outbox holds it, in the order it was written, or as a stream carries it. */
export type EventFact = {
  /** The database or the stream it was found in. */
  place: string;
  id: string;
  type: string;
  subject: string;
  sequence: number;
};

export type GroupFact = {
  stream: string;
  group: string;
  /** Entries it has not read, or read and not acknowledged. */
  waiting: number;
};

/** Every stream there is, those for jobs too; those for dead letters apart. */
export async function streamNames(redis: Redis): Promise<{ live: string[]; dead: string[] }> {
  const names = new Set<string>();
  for (let cursor = '0'; ;) {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1_000, 'TYPE', 'stream');
    for (const key of keys) names.add(key);
    if (next === '0') break;
    cursor = next;
  }
  return {
    live: [...names].filter((name) => !name.endsWith('.dead')),
    dead: [...names].filter((name) => name.endsWith('.dead')),
  };
}

/** The events on a stream. What tests put there to be refused is none. */
export async function readStream(redis: Redis, stream: string): Promise<EventFact[]> {
  return toEntries(await redis.xrange(stream, '-', '+')).flatMap(({ fields }) => {
    const event = eventEnvelope.safeParse(parse(fields['event']));
    return event.success ? [{ place: stream, ...event.data }] : [];
  });
}

/** What was moved aside, with the reason. */
export async function readDead(redis: Redis, stream: string): Promise<string[]> {
  const entries = toEntries(await redis.xrange(stream, '-', '+'));
  return entries.map(({ fields }) => `${stream} ${fields['group']}: ${fields['reason']}`);
}

export async function readGroups(redis: Redis, stream: string): Promise<GroupFact[]> {
  const reply: unknown = await redis.xinfo('GROUPS', stream);
  const groups = (Array.isArray(reply) ? reply : []).map((flat: unknown[]) => {
    return (name: string) => String(flat[flat.indexOf(name) + 1]);
  });
  return Promise.all(
    groups.map(async (valueOf) => {
      // Not the `lag` that Redis tells: it does not know it any more once entries were lost.
      const unread = await redis.xrange(stream, `(${valueOf('last-delivered-id')}`, '+');
      return {
        stream,
        group: valueOf('name'),
        waiting: Number(valueOf('pending')) + unread.length,
      };
    }),
  );
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
