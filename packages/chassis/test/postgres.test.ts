import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import {
  claimKey,
  fingerprint,
  type IdempotencyScope,
  idempotencyKey,
  storeReply,
} from '../src/idempotency.ts';
import { ProblemError } from '../src/errors.ts';
import { migrate } from '../src/migrate.ts';
import { connectPostgres, isConnectionFailure, oncePostgresServes } from '../src/postgres.ts';
import { systemClock } from '../src/clock.ts';
import { silentLog } from '../src/testing/log.ts';
import { createTestDatabase, type TestDatabase } from '../src/testing/stores.ts';
import { eventually } from '../src/testing/eventually.ts';

const migrationsDir = fileURLToPath(new URL('migrations', import.meta.url));

describe('a service’s database', () => {
  let db: TestDatabase;
  before(async () => {
    db = await createTestDatabase(migrationsDir);
  });
  after(() => db.drop());
  beforeEach(() => db.pool.query('TRUNCATE things, idempotency_keys'));

  const count = async () => (await db.pool.query('SELECT * FROM things')).rowCount;

  it('keeps what a transaction wrote, and nothing of one that failed', async () => {
    await db.transaction((tx) => tx.query("INSERT INTO things VALUES ('a', 1)"));
    const failed = db.transaction(async (tx) => {
      await tx.query("INSERT INTO things VALUES ('b', 1)");
      throw new Error('no');
    });
    await failed.then(
      () => expect.fail(),
      (error: Error) => expect(error.message).to.equal('no'),
    );
    expect(await count()).to.equal(1);
  });

  it('runs a transaction again after a deadlock', async () => {
    await db.pool.query("INSERT INTO things VALUES ('a', 0), ('b', 0)");
    const add = (first: string, second: string) =>
      db.transaction(async (tx) => {
        await tx.query('UPDATE things SET n = n + 1 WHERE id = $1', [first]);
        await tx.query('SELECT pg_sleep(0.05)');
        await tx.query('UPDATE things SET n = n + 1 WHERE id = $1', [second]);
      });
    await Promise.all([add('a', 'b'), add('b', 'a')]);
    const { rows } = await db.pool.query<{ n: number }>('SELECT n FROM things');
    expect(rows.map((row) => row.n)).to.deep.equal([2, 2]);
  });

  it('serves again after its connections were cut, and says unavailable meanwhile', async () => {
    const cut = db.transaction(async (tx) => {
      await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    await cut.then(
      () => expect.fail('expected the transaction to fail'),
      (error: unknown) => expect(error).to.be.instanceOf(ProblemError).with.property('status', 503),
    );
    await eventually(() => db.ping());
  });

  it('says unavailable when it is not there, and that this is the server’s failure', async () => {
    const away = connectPostgres({
      url: 'postgres://nobody@127.0.0.1:1/none',
      applicationName: 'test',
      poolMax: 1,
      clock: systemClock,
      log: silentLog,
    });
    for (const ask of [
      () => away.pool.query('SELECT 1'),
      () => away.transaction((tx) => tx.query('SELECT 1')),
    ]) {
      await ask().then(
        () => expect.fail('expected the query to fail'),
        (error: unknown) => {
          expect(error).to.be.instanceOf(ProblemError).with.property('status', 503);
          expect(isConnectionFailure(error)).to.equal(true);
        },
      );
    }
    await away.close();
  });

  it('is waited for while it is still being set up', async () => {
    const url = new URL(db.url);
    const name = `late_${Date.now()}`;
    url.pathname = `/${name}`;
    let asked = 0;
    const clock = {
      ...systemClock,
      async sleep() {
        asked += 1;
        if (asked === 2) await db.pool.query(`CREATE DATABASE ${name}`);
      },
    };
    await oncePostgresServes(
      () => migrate({ url: url.href, dir: migrationsDir, log: silentLog }),
      clock,
    );
    expect(asked).to.be.at.least(2);
    await db.pool.query(`DROP DATABASE ${name} WITH (FORCE)`);
  });

  it('does not take a violated constraint for a failure of the server', async () => {
    const bad = db.transaction((tx) => tx.query("INSERT INTO things VALUES ('a', -1)"));
    await bad.then(
      () => expect.fail(),
      (error: unknown) => expect(isConnectionFailure(error)).to.equal(false),
    );
  });

  it('does not take a slow statement for a failure of the server', async () => {
    const slow = db.transaction(async (tx) => {
      await tx.query("SET LOCAL statement_timeout = '20ms'");
      await tx.query('SELECT pg_sleep(5)');
    });
    await slow.then(
      () => expect.fail(),
      (error: unknown) => expect(isConnectionFailure(error)).to.equal(false),
    );
  });

  describe('idempotency keys', () => {
    const scope: IdempotencyScope = { principal: 'p1', operation: 'placeOrder', key: 'k1' };
    const claim = (over: Partial<IdempotencyScope> = {}, print = 'f1', resource = 'r1') =>
      db.transaction((tx) => claimKey(tx, { ...scope, ...over }, { fingerprint: print, resource }));

    it('let one of a hundred claims win', async () => {
      const claims = await Promise.all(
        Array.from({ length: 100 }, (_, i) => claim({}, 'f1', `r${i}`)),
      );
      const won = claims.filter((result) => result.kind === 'new');
      expect(won).to.have.length(1);
      const resources = new Set(
        claims.flatMap((result) => (result.kind === 'unfinished' ? [result.resource] : [])),
      );
      expect(resources.size).to.equal(1);
    });

    it('give the stored reply again', async () => {
      await claim();
      const reply = { status: 201, headers: { location: '/x' }, body: { id: 'r1' } };
      await db.transaction((tx) => storeReply(tx, scope, reply));
      expect(await claim()).to.deep.equal({ kind: 'replay', reply });
    });

    it('keep the first reply', async () => {
      await claim();
      for (const status of [201, 500]) {
        await db.transaction((tx) => storeReply(tx, scope, { status, headers: {}, body: null }));
      }
      expect(await claim()).to.deep.include({
        kind: 'replay',
        reply: { status: 201, headers: {}, body: null },
      });
    });

    it('refuse another body with 422', async () => {
      await claim();
      await claim({}, 'f2').then(
        () => expect.fail(),
        (error: unknown) => expect(error).to.have.property('status', 422),
      );
    });

    it('count for one principal and one operation', async () => {
      await claim();
      expect((await claim({ principal: 'p2' })).kind).to.equal('new');
      expect((await claim({ operation: 'other' })).kind).to.equal('new');
    });

    it('are forgotten with the transaction that claimed them', async () => {
      await db
        .transaction(async (tx) => {
          await claimKey(tx, scope, { fingerprint: 'f1', resource: 'r1' });
          throw new Error('no');
        })
        .catch(() => undefined);
      expect((await claim()).kind).to.equal('new');
    });

    it('are visible ASCII of bounded length', () => {
      for (const key of ['', 'a b', 'a\r\nb', 'é', 'x'.repeat(256), undefined]) {
        expect(idempotencyKey.safeParse(key).success, String(key)).to.equal(false);
      }
      expect(idempotencyKey.safeParse('3f0c-abc').success).to.equal(true);
    });

    it('fingerprint equal values equally, whatever the order of members', () => {
      expect(fingerprint({ a: 1, b: [1, { c: 2, d: 3 }] })).to.equal(
        fingerprint({ b: [1, { d: 3, c: 2 }], a: 1 }),
      );
      expect(fingerprint({ a: 1 })).not.to.equal(fingerprint({ a: '1' }));
    });
  });
});
