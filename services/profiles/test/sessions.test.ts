import { expect } from 'chai';
import { cookiesOf, type Fixture, type Reply, signIn, startProfiles } from './fixture.ts';

function refreshCookieOf(reply: Reply): string {
  return /faultline_refresh=[^;]+/.exec(cookiesOf(reply))?.[0] ?? '';
}

describe('sessions', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startProfiles();
  });
  after(() => fixture.stop());

  const refresh = (cookie: string): Promise<Reply> =>
    fixture.request('POST', '/api/v1/sessions/refresh', { headers: { cookie } });

  it('gives a new access token and replaces the refresh token at each use', async () => {
    const { cookies } = await signIn(fixture);
    const first = await refresh(cookies);
    expect(first.status).to.equal(201);
    expect(cookiesOf(first)).not.to.equal(cookies);
    const second = await refresh(cookiesOf(first));
    expect(second.status).to.equal(201);
    expect(cookiesOf(second)).not.to.equal(cookiesOf(first));
  });

  it('gives requests made at once the same successor, which works', async () => {
    const { cookies, id } = await signIn(fixture);
    let cookie = cookies;
    // Several rounds: the pool opens its connections one by one, and one alone serves in turn.
    for (let round = 0; round < 5; round++) {
      const current = cookie;
      const replies = await Promise.all(Array.from({ length: 10 }, () => refresh(current)));
      expect(replies.map(({ status }) => status)).to.deep.equal(Array(10).fill(201));
      const successors = new Set(replies.map(refreshCookieOf));
      expect(successors.size).to.equal(1);
      cookie = [...successors].join();
    }
    const { rows } = await fixture.database.pool.query(
      'SELECT 1 FROM refresh_tokens JOIN session_families f ON f.id = family_id WHERE account_id = $1',
      [id],
    );
    expect(rows).to.have.length(6);
  });

  it('leads a late request along the chain to the token that is good now', async () => {
    const { cookies } = await signIn(fixture);
    const second = await refresh(cookiesOf(await refresh(cookies)));
    const late = await refresh(cookies);
    expect(refreshCookieOf(late)).to.equal(refreshCookieOf(second));
  });

  it('ends the whole session when a token comes again after its grace', async () => {
    const { cookies } = await signIn(fixture);
    const thief = await refresh(cookies);
    fixture.clock.shiftMs += 21_000;
    const victim = await refresh(cookies);
    expect(victim.status).to.equal(401);
    expect(victim.body).to.include({ reason: 'session_reused' });
    expect(victim.headers.getSetCookie().join()).to.contain('faultline_refresh=; Max-Age=0');
    expect((await refresh(cookiesOf(thief))).status).to.equal(401);
  });

  it('leaves the other sessions of the account alone', async () => {
    const { cookies, person } = await signIn(fixture);
    const { email, password } = person;
    const other = await fixture.request('POST', '/api/v1/sessions', { body: { email, password } });
    await fixture.request('DELETE', '/api/v1/sessions/current', { headers: { cookie: cookies } });
    expect((await refresh(cookies)).status).to.equal(401);
    expect((await refresh(cookiesOf(other))).status).to.equal(201);
  });

  it('signs out however often, and takes both cookies along', async () => {
    const { cookies } = await signIn(fixture);
    for (const cookie of [cookies, cookies, '', 'faultline_refresh=nonsense', 'x'.repeat(5_000)]) {
      const reply = await fixture.request('DELETE', '/api/v1/sessions/current', {
        headers: { cookie },
      });
      expect(reply.status).to.equal(204);
      expect(reply.headers.getSetCookie()).to.have.length(2);
    }
  });

  it('lives for 30 days from its last use', async () => {
    const { cookies } = await signIn(fixture);
    const day = 24 * 3_600_000;
    fixture.clock.shiftMs += 29 * day;
    const used = await refresh(cookies);
    expect(used.status).to.equal(201);
    fixture.clock.shiftMs += 29 * day;
    const again = await refresh(cookiesOf(used));
    expect(again.status).to.equal(201);
    fixture.clock.shiftMs += 31 * day;
    expect((await refresh(cookiesOf(again))).status).to.equal(401);
  });

  it('tells the new role after a promotion, and ends when the account is locked', async () => {
    const { cookies, id } = await signIn(fixture);
    await fixture.database.pool.query("UPDATE accounts SET role = 'admin' WHERE id = $1", [id]);
    const promoted = await refresh(cookies);
    expect(promoted.body['account']).to.include({ role: 'admin' });
    await fixture.database.pool.query('UPDATE accounts SET disabled = true WHERE id = $1', [id]);
    expect((await refresh(cookiesOf(promoted))).status).to.equal(401);
  });

  it('stores no token that could be used', async () => {
    const { cookies } = await signIn(fixture);
    const reply = await refresh(cookies);
    const dump = await fixture.database.pool.query(
      "SELECT encode(hash, 'base64') h, encode(sealed_successor, 'base64') s FROM refresh_tokens",
    );
    for (const set of [cookies, cookiesOf(reply)]) {
      const token = /faultline_refresh=([^;]+)/.exec(set)?.[1] ?? 'absent';
      const base64 = Buffer.from(token, 'base64url').toString('base64');
      expect(JSON.stringify(dump.rows)).not.to.contain(token).and.not.to.contain(base64);
    }
  });

  it('keeps the hundred newest sessions of an account', async () => {
    const { id, cookies } = await signIn(fixture);
    for (let count = 0; count < 100; count++) await fixture.sessions.begin(id);
    expect((await refresh(cookies)).status).to.equal(401);
  });

  it('forgets sessions that cannot come back', async () => {
    await signIn(fixture);
    fixture.clock.shiftMs += 31 * 24 * 3_600_000;
    await fixture.sessions.tidy();
    const { rows } = await fixture.database.pool.query(
      'SELECT count(*)::int AS left FROM refresh_tokens',
    );
    expect(rows).to.deep.equal([{ left: 0 }]);
  });

  it('refuses without a cookie, with nonsense, and with a token of nobody', async () => {
    for (const cookie of [
      '',
      'faultline_refresh=',
      'faultline_refresh=%00',
      `faultline_refresh=${'A'.repeat(43)}`,
    ]) {
      expect((await refresh(cookie)).status).to.equal(401);
    }
  });
});
