import { randomUUID } from 'node:crypto';
import { toEntries } from '@faultline/chassis/streams';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import type { World } from './world.ts';

/** The streams that have readers, each with the one group that reads it, and a type it carries. */
export const readStreams = [
  { stream: 'orders.events', group: 'notifications', type: 'order.confirmed' },
  { stream: 'profiles.events', group: 'notifications', type: 'account.created' },
  { stream: 'catalog.events', group: 'inventory', type: 'product.created' },
  { stream: 'images.events', group: 'catalog', type: 'image.ready' },
  { stream: 'images.jobs', group: 'images', type: 'image.queued' },
] as const;
export type ReadStream = (typeof readStreams)[number];

/** Entries no consumer can use, and what the dead letter says of each. */
export function hostileEntries(type: string, marker: string): Record<string, [string[], RegExp]> {
  const good = {
    id: randomUUID(),
    type,
    version: 1,
    subject: randomUUID(),
    sequence: 1,
    time: '2026-01-01T00:00:00.000Z',
    data: { marker },
  };
  const event = (changes: object) => ['event', JSON.stringify({ ...good, ...changes })];
  const { id: _, ...withoutId } = good;
  return {
    'no event at all': [['something', marker], /not JSON|JSON/],
    'an event that is not JSON': [['event', `{"marker":"${marker}`], /JSON/],
    'an event that is a list': [['event', `["${marker}"]`], /envelope|expected/i],
    'a missing id': [['event', JSON.stringify(withoutId)], /envelope|id/],
    'an id that is no UUID': [event({ id: marker }), /envelope|UUID/i],
    'an unknown type': [event({ type: 'order.exploded' }), /order\.exploded is not known/],
    'an unknown version': [event({ version: 99 }), /version 99, expected 1/],
    'wrong data': [event({}), /the data of .* is wrong/],
    'a type that is no name': [event({ type: `${marker}\n\u001b[31m` }), /envelope|type/],
    'fields that pose as ours': [
      ['group', marker, 'reason', marker, 'entry_id', marker, 'event', '{'],
      /JSON/,
    ],
  };
}

/** 10 MB, once: four groups would only do the same four times. */
export function hugeEntry(marker: string): [string[], RegExp] {
  return [
    ['event', JSON.stringify({ data: marker.padEnd(10_000_000, 'x') })],
    /has 100000\d\d bytes/,
  ];
}

/** What was planted on a stream, so that it can be found again and taken away. */
export class Planted {
  readonly #world: World;
  readonly #entries: { stream: string; id: string }[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  async add(stream: string, fields: string[]): Promise<string> {
    const id = await this.#world.system.redis.xadd(stream, '*', ...fields);
    if (id === null) throw new Error(`plant an entry on ${stream}: there is no such stream`);
    this.#entries.push({ stream, id });
    return id;
  }

  /** The dead letter of an entry, once it is there. */
  async deadLetter(stream: string, id: string): Promise<Record<string, string>> {
    const { redis } = this.#world.system;
    return eventually(async () => {
      const dead = toEntries(await redis.xrange(`${stream}.dead`, '-', '+'));
      const found = dead.find(({ fields }) => fields['entry_id'] === id);
      return found?.fields ?? expect.fail(`the entry ${id} on ${stream} is no dead letter`);
    }, 20_000);
  }

  /** Waits until the group has read everything and has nothing in hand. */
  async untilRead({ stream, group }: ReadStream): Promise<void> {
    const { redis } = this.#world.system;
    await eventually(async () => {
      const reply: unknown = await redis.xpending(stream, group);
      expect(Array.isArray(reply) && reply[0]).to.equal(0);
      const groups: unknown = await redis.xinfo('GROUPS', stream);
      const flat: unknown[] = Array.isArray(groups) ? groups.flat() : [];
      const position = String(flat[flat.indexOf('last-delivered-id') + 1]);
      expect(await redis.xrange(stream, `(${position}`, '+')).to.deep.equal([]);
    }, 20_000);
  }

  /** Leaves the streams as they were. */
  async remove(): Promise<void> {
    const { redis } = this.#world.system;
    for (const { stream, id } of this.#entries) {
      await redis.xdel(stream, id);
      const dead = toEntries(await redis.xrange(`${stream}.dead`, '-', '+'));
      const letters = dead.filter(({ fields }) => fields['entry_id'] === id);
      for (const letter of letters) await redis.xdel(`${stream}.dead`, letter.id);
    }
  }
}
