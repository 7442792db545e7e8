import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  claimKey,
  findClaim,
  fingerprint,
  forgetKeys,
  type IdempotencyScope,
  storeReply,
} from '../src/idempotency.ts';
import { createTestDatabase, type TestDatabase } from '../src/testing/stores.ts';

const scope: IdempotencyScope = { principal: 'alice', operation: 'pay', key: 'k' };
const request = { fingerprint: fingerprint({ a: 1, b: [2] }), resource: 'r1' };
const reply = { status: 201, headers: { Location: '/r1' }, body: { id: 'r1' } };

describe('an idempotency key', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase(fileURLToPath(new URL('migrations', import.meta.url)));
  });
  beforeEach(() => database.pool.query('TRUNCATE idempotency_keys'));
  after(() => database.drop());

  const claim = (of = scope, by = request) => database.transaction((tx) => claimKey(tx, of, by));
  const find = (print = request.fingerprint) => findClaim(database.pool, scope, print);

  it('is new once, then unfinished, then answered with the first reply', async () => {
    expect(await find()).to.equal(undefined);
    expect(await claim()).to.deep.equal({ kind: 'new' });
    const unfinished = { kind: 'unfinished', resource: 'r1' };
    expect(await claim(scope, { ...request, resource: 'r2' })).to.deep.equal(unfinished);
    expect(await find()).to.deep.equal(unfinished);
    await storeReply(database.pool, scope, reply);
    await storeReply(database.pool, scope, { ...reply, status: 500 });
    expect(await find()).to.deep.equal({ kind: 'replay', reply });
  });

  it('is refused with another request', async () => {
    await claim();
    for (const again of [
      () => find('other'),
      () => claim(scope, { ...request, fingerprint: 'x' }),
    ]) {
      const failure = await again().catch((error: unknown) => error);
      expect(failure).to.have.nested.property('options.reason', 'idempotency_key_reused');
    }
  });

  it('counts within its principal and its operation', async () => {
    await claim();
    expect(await claim({ ...scope, principal: 'bob' })).to.deep.equal({ kind: 'new' });
    expect(await claim({ ...scope, operation: 'refund' })).to.deep.equal({ kind: 'new' });
  });

  it('lets one of many concurrent claims through', async () => {
    const claims = await Promise.all(Array.from({ length: 20 }, () => claim()));
    expect(claims.filter(({ kind }) => kind === 'new')).to.have.length(1);
  });

  it('is forgotten when it is old and answered, not while it is at work', async () => {
    await claim();
    await claim({ ...scope, key: 'open' });
    await storeReply(database.pool, scope, reply);
    await forgetKeys(database.pool, 24);
    expect(await find()).to.deep.equal({ kind: 'replay', reply });
    await database.pool.query("UPDATE idempotency_keys SET created_at = now() - interval '25 h'");
    await forgetKeys(database.pool, 24);
    const { rows } = await database.pool.query('SELECT key FROM idempotency_keys');
    expect(rows).to.deep.equal([{ key: 'open' }]);
  });
});
