import { expect } from 'chai';
import { asPrincipal } from '@faultline/chassis/testing/app';
import { seedAccounts } from '../src/seed.ts';
import { type Fixture, signIn, someone, startProfiles } from './fixture.ts';

const address = { name: 'A', line1: 'Street 1', city: 'Town', postal_code: '1', country: 'DE' };
const admin = asPrincipal('00000000-0000-7000-8000-000000000000', 'admin');

describe('accounts and addresses', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startProfiles();
  });
  after(() => fixture.stop());

  const update = (id: string, body: unknown) =>
    fixture.request('PATCH', `/internal/v1/accounts/${id}`, { body, headers: admin });

  it('changes the name and nothing else', async () => {
    const { id } = await signIn(fixture);
    const headers = asPrincipal(id);
    const renamed = await fixture.request('PATCH', '/api/v1/me', {
      body: { name: 'New' },
      headers,
    });
    expect(renamed.body).to.include({ id, name: 'New' });
    for (const body of [{ name: 'X', role: 'admin' }, { email: 'a@b.cd' }, {}, { name: '' }]) {
      const refused = await fixture.request('PATCH', '/api/v1/me', { body, headers });
      expect(refused.status).to.equal(400);
    }
  });

  it('keeps addresses per account; somebody else’s is not found', async () => {
    const [mine, other] = [await signIn(fixture), await signIn(fixture)];
    const path = '/api/v1/me/addresses';
    const added = await fixture.request('POST', path, {
      body: address,
      headers: asPrincipal(mine.id),
    });
    expect(added.status).to.equal(201);
    const one = `${path}/${String(added.body['id'])}`;
    const theirs = await fixture.request('DELETE', one, { headers: asPrincipal(other.id) });
    expect(theirs.status).to.equal(404);
    const list = await fixture.request('GET', path, { headers: asPrincipal(mine.id) });
    expect(list.body['items']).to.deep.equal([added.body]);
    const gone = await fixture.request('DELETE', one, { headers: asPrincipal(mine.id) });
    expect(gone.status).to.equal(204);
  });

  it('keeps 20 addresses at most, also when 30 are sent at once', async () => {
    const { id } = await signIn(fixture);
    const replies = await Promise.all(
      Array.from({ length: 30 }, () =>
        fixture.request('POST', '/api/v1/me/addresses', {
          body: address,
          headers: asPrincipal(id),
        }),
      ),
    );
    expect(replies.filter(({ status }) => status === 201)).to.have.length(20);
    expect(replies.filter(({ status }) => status === 409)).to.have.length(10);
  });

  it('lists accounts newest first, page by page, each once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => signIn(fixture)));
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await fixture.request('GET', `/internal/v1/accounts?limit=3${cursor}`, {
        headers: admin,
      });
      const items = page.body['items'] as { id: string }[]; // The schema was checked on the way out.
      seen.push(...items.map(({ id }) => id));
      cursor = page.body['next_cursor'] ? `&cursor=${String(page.body['next_cursor'])}` : '';
    } while (cursor);
    expect(new Set(seen).size).to.equal(seen.length);
    expect(seen).to.deep.equal(seen.toSorted().toReversed());
  });

  it('takes what is searched for as text', async () => {
    const { person } = await signIn(fixture, { ...someone(), name: '100%_sure' });
    const search = async (q: string) => {
      const path = `/internal/v1/accounts?q=${encodeURIComponent(q)}`;
      const items = (await fixture.request('GET', path, { headers: admin })).body['items'];
      return (items as { email: string }[]).map(({ email }) => email); // As above.
    };
    expect(await search('100%_SURE')).to.deep.equal([person.email]);
    expect(await search('100__sure')).to.deep.equal([]);
    expect(await search("' OR 1=1 --")).to.deep.equal([]);
  });

  it('refuses cursors that are not its own', async () => {
    for (const cursor of ['AAAA', Buffer.from("' OR 1=1").toString('base64url')]) {
      const path = `/internal/v1/accounts?cursor=${cursor}`;
      expect((await fixture.request('GET', path, { headers: admin })).status).to.equal(400);
    }
  });

  it('is closed to customers', async () => {
    const { id } = await signIn(fixture);
    const headers = asPrincipal(id);
    expect((await fixture.request('GET', '/internal/v1/accounts', { headers })).status).to.equal(
      403,
    );
  });

  it('locks an account: its sessions end at once, and unlocking does not bring them back', async () => {
    const { id, cookies } = await signIn(fixture);
    expect((await update(id, { disabled: true })).body).to.include({ disabled: true });
    const refresh = () =>
      fixture.request('POST', '/api/v1/sessions/refresh', { headers: { cookie: cookies } });
    expect((await refresh()).status).to.equal(401);
    await update(id, { disabled: false });
    expect((await refresh()).status).to.equal(401);
  });

  it('never loses the last admin, also when two demote each other at once', async () => {
    await fixture.database.pool.query("UPDATE accounts SET role = 'customer'");
    const [a, b] = [(await signIn(fixture)).id, (await signIn(fixture)).id];
    await update(a, { role: 'admin' });
    expect((await update(a, { role: 'customer' })).status).to.equal(409);
    expect((await update(a, { disabled: true })).body).to.include({ reason: 'last_admin' });
    for (let round = 0; round < 5; round++) {
      await Promise.all([update(a, { role: 'admin' }), update(b, { role: 'admin' })]);
      const replies = await Promise.all([
        update(a, { role: 'customer' }),
        update(b, { disabled: true }),
      ]);
      expect(replies.map(({ status }) => status).toSorted()).to.deep.equal([200, 409]);
      await update(b, { disabled: false });
    }
  });

  it('answers 404 for an account that is not there', async () => {
    const nobody = '00000000-0000-7000-8000-000000000001';
    expect((await update(nobody, { role: 'admin' })).status).to.equal(404);
    expect((await fixture.request('GET', `/internal/v1/accounts/${nobody}`)).status).to.equal(404);
  });

  it('tells of each change once, in order and without personal data', async () => {
    const { id, person } = await signIn(fixture);
    await update(id, { role: 'admin' });
    await update(id, { role: 'admin' });
    await update(id, { disabled: true });
    const { rows } = await fixture.database.pool.query<{
      event: { type: string; sequence: number };
    }>("SELECT event FROM outbox WHERE event->>'subject' = $1 ORDER BY seq", [id]);
    expect(rows.map(({ event }) => [event.type, event.sequence])).to.deep.equal([
      ['account.created', 1],
      ['account.changed', 2],
      ['account.changed', 3],
    ]);
    expect(JSON.stringify(rows)).not.to.contain(person.email).and.not.to.contain(person.name);
  });

  it('seeds the demonstration’s accounts once, and follows their passwords', async () => {
    const seed = (password: string) =>
      seedAccounts(fixture, { admin: password, customer: undefined });
    await Promise.all([seed('first password'), seed('first password')]);
    await seed('second password');
    const signedIn = await fixture.request('POST', '/api/v1/sessions', {
      body: { email: 'admin@faultline.local', password: 'second password' },
    });
    expect(signedIn.body['account']).to.include({ role: 'admin', email: 'admin@faultline.local' });
    const events = await fixture.events();
    const created = events.filter(
      ({ type, data }) =>
        type === 'account.created' &&
        JSON.stringify(data) ===
          JSON.stringify({ account_id: (signedIn.body['account'] as { id: string }).id }), // As above.
    );
    expect(created).to.have.length(1);
  });
});
