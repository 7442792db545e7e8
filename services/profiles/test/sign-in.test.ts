import { expect } from 'chai';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { asPrincipal } from '@faultline/chassis/testing/app';
import { accessTokenProfile } from '@faultline/contracts/profiles';
import { type Fixture, signIn, someone, startProfiles } from './fixture.ts';

describe('signing up and in', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startProfiles({ limits: { perAccount: 3, perSource: 12 } });
  });
  after(() => fixture.stop());

  function from(address: string) {
    return { 'x-client-address': address };
  }

  it('creates a customer whose e-mail address is kept in lower case', async () => {
    const person = someone();
    const { status, body } = await fixture.request('POST', '/api/v1/accounts', {
      body: { ...person, email: person.email.toUpperCase() },
      headers: from('198.51.100.1'),
    });
    expect(status).to.equal(201);
    expect(body).to.include({ email: person.email, role: 'customer', disabled: false });
    expect(JSON.stringify(body)).not.to.contain('argon2');
  });

  it('stores Argon2id with 19 MiB and two passes, never the password', async () => {
    const { id, person } = await signIn(fixture);
    const { rows } = await fixture.database.pool.query('SELECT * FROM accounts WHERE id = $1', [
      id,
    ]);
    expect(rows[0].password_hash).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(JSON.stringify(rows)).not.to.contain(person.password);
  });

  it('refuses an address that is taken, whoever spells it how', async () => {
    const { person } = await signIn(fixture);
    const reply = await fixture.request('POST', '/api/v1/accounts', {
      body: { ...person, email: `  ${person.email.toUpperCase()}` },
      headers: from('198.51.100.2'),
    });
    expect(reply.status).to.equal(409);
    expect(reply.body).to.include({ reason: 'email_taken' });
  });

  it('makes one account of twenty sign-ups with one address at once', async () => {
    const person = someone();
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        fixture.request('POST', '/api/v1/accounts', {
          body: person,
          headers: from(`203.0.113.${index}`),
        }),
      ),
    );
    expect(replies.filter(({ status }) => status === 201)).to.have.length(1);
    expect(replies.every(({ status }) => [201, 409, 429].includes(status))).to.equal(true);
  });

  it('refuses fields that a person may not choose', async () => {
    for (const extra of [{ role: 'admin' }, { id: 'x' }, { disabled: false }]) {
      const reply = await fixture.request('POST', '/api/v1/accounts', {
        body: { ...someone(), ...extra },
        headers: from('198.51.100.3'),
      });
      expect(reply.status).to.equal(400);
    }
  });

  it('gives a token that the published key set verifies', async () => {
    const { id, session } = await signIn(fixture);
    expect(session.status).to.equal(201);
    const { keys } = (await fixture.request('GET', '/internal/v1/jwks')).body;
    expect(JSON.stringify(keys)).not.to.contain('"d"');
    const { payload, protectedHeader } = await jwtVerify(
      String(session.body['access_token']),
      createLocalJWKSet({ keys: fixture.tokens.keySet.keys }),
      { issuer: accessTokenProfile.issuer, audience: accessTokenProfile.audience },
    );
    expect(protectedHeader).to.include({ alg: 'EdDSA', typ: accessTokenProfile.type });
    expect(payload).to.include({ sub: id, role: 'customer' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).to.equal(900);
    expect(payload.jti).to.be.a('string');
  });

  it('sets cookies that scripts cannot read and other sites cannot post with', async () => {
    const { session } = await signIn(fixture);
    const cookies = session.headers.getSetCookie();
    expect(cookies).to.have.length(2);
    for (const cookie of cookies) {
      expect(cookie).to.contain('HttpOnly').and.contain('SameSite=Lax').and.contain('Path=/');
      expect(cookie).not.to.contain('Secure');
    }
    expect(cookies[0]).to.match(/^faultline_access=.*Max-Age=900;/);
    expect(cookies[1]).to.match(/^faultline_refresh=.*Max-Age=2592000;/);
    expect(session.headers.get('cache-control')).to.equal('no-store');
  });

  it('answers an unknown address and a wrong password alike', async () => {
    const { person } = await signIn(fixture);
    const attempt = (email: string) =>
      fixture.request('POST', '/api/v1/sessions', {
        body: { email, password: 'not the password' },
        headers: from('198.51.100.4'),
      });
    const [unknown, wrong] = [await attempt('nobody@example.org'), await attempt(person.email)];
    expect(unknown.status).to.equal(401);
    expect({ ...unknown.body, trace_id: '' }).to.deep.equal({ ...wrong.body, trace_id: '' });
    expect(unknown.headers.getSetCookie()).to.deep.equal([]);
  });

  it('works as long for an address it does not know', async () => {
    const hash = await fixture.passwords.hash('the password');
    const timeMs = async (stored: string | undefined) => {
      const startedMs = performance.now();
      await fixture.passwords.verify(stored, 'a guess');
      return performance.now() - startedMs;
    };
    let [known, unknown] = [Infinity, Infinity];
    // In turns, and the fastest of each: other work only ever makes one slower.
    for (let round = 0; round < 6; round++) {
      known = Math.min(known, await timeMs(hash));
      unknown = Math.min(unknown, await timeMs(undefined));
    }
    expect(unknown / known).to.be.within(0.3, 3);
  });

  it('stops guessing at one account from many sources, even with the right password', async () => {
    const { person } = await signIn(fixture);
    const attempt = (index: number, password: string) =>
      fixture.request('POST', '/api/v1/sessions', {
        body: { email: person.email, password },
        headers: from(`192.0.2.${index}`),
      });
    const guesses = await Promise.all([1, 2, 3, 4, 5, 6].map((index) => attempt(index, 'guess')));
    expect(guesses.filter(({ status }) => status === 401)).to.have.length(3);
    const refused = guesses.filter(({ status }) => status === 429);
    expect(refused).to.have.length(3);
    expect(Number(refused[0]?.headers.get('retry-after'))).to.be.within(1, 300);
    expect((await attempt(7, person.password)).status).to.equal(429);

    fixture.clock.shiftMs += 5 * 60_000;
    expect((await attempt(8, person.password)).status).to.equal(201);
  });

  it('stops trying many accounts from one source, and only that source', async () => {
    const attempt = (address: string) =>
      fixture.request('POST', '/api/v1/sessions', {
        body: { email: someone().email, password: 'guess' },
        headers: from(address),
      });
    const statuses: number[] = [];
    for (let index = 0; index < 14; index++) {
      // One subscriber has many IPv6 addresses.
      statuses.push((await attempt(`2001:db8:0:7::${index}`)).status);
    }
    expect(statuses.filter((status) => status === 401)).to.have.length(12);
    expect(statuses.slice(12)).to.deep.equal([429, 429]);
    expect((await attempt('2001:db8:0:8::1')).status).to.equal(401);
  });

  it('does not count what succeeds', async () => {
    const { person } = await signIn(fixture);
    for (let round = 0; round < 6; round++) {
      const { email, password } = person;
      const reply = await fixture.request('POST', '/api/v1/sessions', {
        body: { email, password },
        headers: from('198.51.100.9'),
      });
      expect(reply.status).to.equal(201);
    }
  });

  it('keeps no address of people who have no account', async () => {
    await fixture.request('POST', '/api/v1/sessions', {
      body: { email: 'typo@example.org', password: 'guess' },
      headers: from('198.51.100.10'),
    });
    const { rows } = await fixture.database.pool.query('SELECT * FROM throttle_windows');
    expect(JSON.stringify(rows)).not.to.contain('typo@');
  });

  it('forgets windows that have ended', async () => {
    fixture.clock.shiftMs += 10 * 60_000;
    await fixture.throttle.tidy();
    const { rows } = await fixture.database.pool.query('SELECT * FROM throttle_windows');
    expect(rows).to.deep.equal([]);
  });

  it('lets in nobody whose account is locked, and says so only to its owner', async () => {
    const { id, person } = await signIn(fixture);
    await fixture.database.pool.query('UPDATE accounts SET disabled = true WHERE id = $1', [id]);
    const attempt = (password: string) =>
      fixture.request('POST', '/api/v1/sessions', {
        body: { email: person.email, password },
        headers: from('198.51.100.11'),
      });
    expect((await attempt(person.password)).body).to.include({ reason: 'account_disabled' });
    expect((await attempt('guess')).body).to.include({ reason: 'invalid_credentials' });
  });

  it('serves its own account to a principal, and nothing without one', async () => {
    const { id, person } = await signIn(fixture);
    const me = await fixture.request('GET', '/api/v1/me', { headers: asPrincipal(id) });
    expect(me.body).to.include({ id, email: person.email });
    expect((await fixture.request('GET', '/api/v1/me')).status).to.equal(401);
  });
});
