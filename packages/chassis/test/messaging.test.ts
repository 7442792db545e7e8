import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import {
  consume,
  type ConsumerOptions,
  type EventHandler,
  forgetHandled,
} from '../src/consumer.ts';
import { systemClock } from '../src/clock.ts';
import type { NewEvent } from '../src/events.ts';
import { uuidv7 } from '../src/ids.ts';
import { createMetrics } from '../src/metrics.ts';
import { Outbox } from '../src/outbox.ts';
import { connectPostgres, type Postgres } from '../src/postgres.ts';
import { connectBlockingRedis, connectRedis, disconnectRedis } from '../src/redis.ts';
import { groupLag, trimHandled } from '../src/streams.ts';
import { eventually } from '../src/testing/eventually.ts';
import { silentLog } from '../src/testing/log.ts';
import { createTestDatabase, type TestDatabase, testRedisUrl } from '../src/testing/stores.ts';

const migrationsDir = fileURLToPath(new URL('migrations', import.meta.url));

describe('events through outbox, stream and inbox', () => {
  let url: string;
  let redis: Redis;
  const metrics = createMetrics();
  let db: TestDatabase;
  let stream: string;
  let stops: (() => Promise<void>)[];

  before(async () => {
    db = await createTestDatabase(migrationsDir);
    url = testRedisUrl(1);
    redis = connectRedis({ url, log: silentLog });
    await eventually(() => redis.ping());
  });
  after(async () => {
    await db.drop();
    await disconnectRedis(redis);
  });
  beforeEach(async () => {
    redis.removeAllListeners('ready');
    stream = `test.${uuidv7(systemClock)}`;
    stops = [];
    await db.pool.query('TRUNCATE outbox, inbox, effects');
  });
  afterEach(async () => {
    for (const stop of stops) await stop();
  });

  const outbox = (crash?: (point: string) => void) =>
    new Outbox({
      postgres: db,
      redis,
      clock: systemClock,
      log: silentLog,
      metrics: metrics.outbox,
      ...(crash ? { crash } : {}),
    });

  const counted = (subject: string, n: number): NewEvent => ({
    ...{ type: 'thing.counted', version: 1, subject, sequence: n },
    data: { n },
  });

  async function emit(box: Outbox, subject: string, n: number): Promise<void> {
    await db.transaction((tx) => box.append(tx, stream, counted(subject, n)));
  }

  const record: EventHandler = async (event, tx) => {
    await tx.query('INSERT INTO effects (subject, n) VALUES ($1, $2)', [
      event.subject,
      event.data['n'],
    ]);
  };

  function start(
    handler: EventHandler = record,
    extra: Partial<ConsumerOptions> = {},
  ): () => Promise<void> {
    const blocking = connectBlockingRedis({ url, log: silentLog });
    const stopped = new AbortController();
    const running = consume(
      {
        contract: {
          stream,
          types: { 'thing.counted': { version: 1, data: z.object({ n: z.number() }) } },
        },
        group: 'counters',
        consumer: uuidv7(systemClock),
        handlers: { 'thing.counted': handler },
        redis,
        blocking,
        postgres: db,
        clock: systemClock,
        log: silentLog,
        metrics: metrics.consumer,
        ...extra,
      },
      stopped.signal,
    );
    const stop = async () => {
      stopped.abort();
      blocking.disconnect();
      await running;
    };
    stops.push(stop);
    return stop;
  }

  async function effects(): Promise<number[]> {
    const { rows } = await db.pool.query<{ n: number }>('SELECT n FROM effects ORDER BY seq');
    return rows.map((row) => row.n);
  }

  it('arrive once each and in order', async () => {
    const box = outbox();
    for (let n = 1; n <= 120; n++) await emit(box, 'a', n);
    await box.flush();
    start();
    await eventually(async () => expect(await effects()).to.have.length(120));
    expect(await effects()).to.deep.equal(Array.from({ length: 120 }, (_, i) => i + 1));
    await eventually(async () =>
      expect(await groupLag(redis, stream, 'counters')).to.deep.equal({ lag: 0, pending: 0 }),
    );
  });

  it('are not written when their transaction rolls back', async () => {
    const box = outbox();
    await db
      .transaction(async (tx) => {
        await box.append(tx, stream, {
          type: 'thing.counted',
          version: 1,
          subject: 'a',
          sequence: 1,
          data: {},
        });
        throw new Error('changed my mind');
      })
      .catch(() => undefined);
    expect(await box.backlog()).to.include({ pending: 0 });
  });

  it('have one effect although the relay died between publishing and noting it', async () => {
    const box = outbox((point) => {
      if (point === 'relay.after-publish') throw new Error('power loss');
    });
    await emit(box, 'a', 1);
    await box.flush().catch(() => undefined);
    expect(await redis.xlen(stream)).to.equal(1);
    await outbox().flush();
    expect(await redis.xlen(stream)).to.equal(2);
    start();
    await eventually(async () => {
      expect(await effects()).to.have.length(1);
      expect(await groupLag(redis, stream, 'counters')).to.deep.equal({ lag: 0, pending: 0 });
    });
    expect(await effects()).to.deep.equal([1]);
  });

  it('have one effect although the consumer died before acknowledging', async () => {
    const box = outbox();
    await emit(box, 'a', 1);
    await box.flush();
    let died = false;
    const stop = start(record, {
      crash(point) {
        if (point !== 'consumer.before-ack') return;
        died = true;
        throw new Error('read ECONNRESET connection lost');
      },
    });
    await eventually(() => expect(died).to.equal(true));
    await stop();
    expect((await groupLag(redis, stream, 'counters')).pending).to.equal(1);
    start();
    await eventually(
      async () => expect((await groupLag(redis, stream, 'counters')).pending).to.equal(0),
      10_000,
    );
    expect(await effects()).to.deep.equal([1]);
  });

  it('wait for one that fails, so that nothing overtakes it', async () => {
    const box = outbox();
    for (const n of [1, 2, 3]) await emit(box, 'a', n);
    await box.flush();
    let failures = 2;
    start(async (event, tx) => {
      if (event.data['n'] === 2 && failures-- > 0) throw new Error('not yet');
      await record(event, tx);
    });
    await eventually(async () => expect(await effects()).to.deep.equal([1, 2, 3]));
  });

  it('go to the dead-letter stream with the reason when they cannot be handled', async () => {
    const box = outbox();
    await emit(box, 'a', 1);
    await box.flush();
    await redis.xadd(stream, '*', 'event', 'not json', 'reason', 'none', 'group', 'another');
    await redis.xadd(stream, '*', 'event', 'x'.repeat(300_000));
    await redis.xadd(stream, '*', 'something', 'else');
    for (const change of [
      { type: 'thing.unknown' },
      { version: 2 },
      { id: undefined },
      { data: { n: 'x' } },
    ]) {
      const event = {
        id: uuidv7(systemClock),
        type: 'thing.counted',
        version: 1,
        subject: 'a',
        sequence: 1,
        time: new Date().toISOString(),
        data: { n: 1 },
        ...change,
      };
      await redis.xadd(stream, '*', 'event', JSON.stringify(event));
    }
    await emit(box, 'a', 2);
    await box.flush();
    start();
    await eventually(async () => expect(await effects()).to.deep.equal([1, 2]));
    const dead = await redis.xrange(`${stream}.dead`, '-', '+');
    expect(dead).to.have.length(7);
    for (const [, fields] of dead) {
      expect(fields[fields.indexOf('reason') + 1]).to.include('PoisonEventError');
      expect(fields).not.to.include('another');
    }
  });

  it('bury one whose handler fails again and again, and move on', async () => {
    const box = outbox();
    for (const n of [1, 2]) await emit(box, 'a', n);
    await box.flush();
    let attempts = 0;
    start(async (event, tx) => {
      if (event.data['n'] === 1) {
        attempts++;
        throw new Error('never works');
      }
      await record(event, tx);
    });
    await eventually(async () => expect(await effects()).to.deep.equal([2]), 10_000);
    expect(attempts).to.equal(5);
    expect(await redis.xlen(`${stream}.dead`)).to.equal(1);
  });

  it('wait for as long as the database is away, and none is buried', async () => {
    const box = outbox();
    await emit(box, 'a', 1);
    await box.flush();
    const away = connectPostgres({
      url: 'postgres://nobody@127.0.0.1:1/none',
      applicationName: 'test',
      poolMax: 1,
      clock: systemClock,
      log: silentLog,
    });
    let attempts = 0;
    const transaction: Postgres['transaction'] = (work) =>
      (++attempts > 5 ? db : away).transaction(work);
    start(record, { postgres: { ...db, transaction } });
    await eventually(async () => expect(await effects()).to.deep.equal([1]), 15_000);
    expect(await redis.exists(`${stream}.dead`)).to.equal(0);
    await away.close();
  });

  it('are handled by one of several consumers at a time, and by another when it leaves', async () => {
    const box = outbox();
    let active = 0;
    const slow: EventHandler = async (event, tx) => {
      active++;
      expect(active).to.equal(1);
      await record(event, tx);
      active--;
    };
    const stops2 = [start(slow), start(slow), start(slow)];
    for (let n = 1; n <= 30; n++) await emit(box, 'a', n);
    await box.flush();
    await eventually(async () => expect(await effects()).to.have.length(30));
    await stops2[0]?.();
    await stops2[1]?.();
    for (let n = 31; n <= 40; n++) await emit(box, 'a', n);
    await box.flush();
    await eventually(async () => expect(await effects()).to.have.length(40), 10_000);
    expect(await effects()).to.deep.equal(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  it('go on arriving after the connection broke under a waiting consumer', async () => {
    const box = outbox();
    await emit(box, 'a', 1);
    await box.flush();
    start();
    await eventually(async () => expect(await effects()).to.deep.equal([1]));
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal');
    await emit(box, 'a', 2);
    await eventually(() => box.flush());
    await eventually(async () => expect(await effects()).to.deep.equal([1, 2]));
  });

  it('are counted as waiting though Redis has lost count', async () => {
    for (const n of [1, 2, 3]) await redis.xadd(stream, `${n}-0`, 'n', n);
    await redis.xgroup('CREATE', stream, 'counters', '1-0');
    await redis.xdel(stream, '2-0');
    expect(await groupLag(redis, stream, 'counters')).to.deep.equal({ lag: 1, pending: 0 });
  });

  it('are published again when Redis has forgotten them', async () => {
    const box = outbox();
    for (const n of [1, 2, 3]) await emit(box, 'a', n);
    await box.flush();
    await redis.del(stream);
    await outbox().flush();
    expect(await redis.xlen(stream)).to.equal(3);
  });

  it('are published again when Redis has forgotten the last, whose transaction took long', async () => {
    const published = async () =>
      (await redis.xrange(stream, '-', '+')).map(([, fields]) => fields.join(' '));
    const box = outbox();
    await db.transaction(async (tx) => {
      await box.append(tx, stream, counted('a', 1));
      await emit(box, 'b', 1);
      await box.flush();
    });
    await box.flush();
    const before = await published();
    const [first] = await redis.xrange(stream, '-', '+');
    if (first === undefined) throw new Error('nothing was published');
    await redis.del(stream);
    await redis.xadd(stream, first[0], ...first[1]);
    await outbox().flush();
    expect(before).to.have.length(2);
    expect(await published()).to.deep.equal(before);
  });

  it('wait in the outbox while Redis is away', async () => {
    const away = connectRedis({ url: 'redis://127.0.0.1:9', log: silentLog });
    const box = new Outbox({
      postgres: db,
      redis: away,
      clock: systemClock,
      log: silentLog,
      metrics: metrics.outbox,
    });
    await emit(box, 'a', 1);
    await box.flush().catch(() => undefined);
    expect((await box.backlog()).pending).to.equal(1);
    away.disconnect();
    await outbox().flush();
    expect(await redis.xlen(stream)).to.equal(1);
  });

  it('are remembered for as long as they may come again', async () => {
    await db.pool.query(
      `INSERT INTO inbox (consumer, event_id, handled_at)
       VALUES ('c', gen_random_uuid(), now() - interval '6 days'), ('c', gen_random_uuid(), now() - interval '8 days')`,
    );
    await forgetHandled(db);
    const { rows } = await db.pool.query<{ age: number }>(
      'SELECT extract(day FROM now() - handled_at)::int AS age FROM inbox',
    );
    expect(rows).to.deep.equal([{ age: 6 }]);
  });

  it('are trimmed only when every group has handled them', async () => {
    const box = outbox();
    for (const n of [1, 2, 3]) await emit(box, 'a', n);
    await box.flush();
    await redis.xgroup('CREATE', stream, 'slow', '0');
    await trimHandled(redis, stream, systemClock.now() + 60_000);
    expect(await redis.xlen(stream)).to.equal(3);
    const reply = await redis.xreadgroup('GROUP', 'slow', 'c', 'COUNT', 2, 'STREAMS', stream, '>');
    expect(reply).to.have.length(1);
    await trimHandled(redis, stream, systemClock.now() + 60_000);
    expect(await redis.xlen(stream)).to.equal(3);
    const pending = await redis.xpending(stream, 'slow', '-', '+', 10);
    for (const [id] of pending as [string][]) await redis.xack(stream, 'slow', id);
    await trimHandled(redis, stream, systemClock.now() + 60_000);
    expect(await redis.xlen(stream)).to.equal(2);
  });
});
