import { ProblemError } from '@faultline/chassis/errors';
import { expect } from 'chai';
import { address } from './sample.ts';
import { openShop, type Shop } from './shop.ts';

const signedIn = { signedIn: true };
const credentials = { email: 'ada@example.com', password: 'difference engine' };

describe('storefront: accounts', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(async () => await shop.close());

  describe('signing in', () => {
    it('hands the session’s cookies over and leads to where it was asked for', async () => {
      const fields = { ...credentials, next: '/checkout' };
      const { status, location, cookies } = await shop.post('/sign-in', fields);
      expect(status).to.equal(303);
      expect(location).to.equal('/checkout');
      expect(cookies).to.deep.equal(['faultline_access=a; Path=/', 'faultline_refresh=r; Path=/']);
    });

    it('never leads elsewhere', async () => {
      const { location } = await shop.post('/sign-in', { ...credentials, next: '//evil.example' });
      expect(location).to.equal('/');
      expect((await shop.get('/sign-in?next=https://evil.example')).text).to.contain(
        '<input type="hidden" name="next" value="/"/>',
      );
    });

    it('tells no unknown address from a wrong password, nor sends the password back', async () => {
      shop.world.createSession = () => {
        throw new ProblemError('unauthenticated', 'There is no such account: ada@example.com.');
      };
      const { status, text } = await shop.post('/sign-in', credentials);
      expect(status).to.equal(401);
      expect(text).to.contain('do not belong together').and.not.contain('no such account');
      expect(text).to.contain('value="ada@example.com"').and.not.contain(credentials.password);
    });

    it('asks for patience when it was tried too often', async () => {
      shop.world.createSession = () => {
        throw new ProblemError('too_many_requests', 'Slow down.');
      };
      const { status, text } = await shop.post('/sign-in', credentials);
      expect(status).to.equal(429);
      expect(text).to.contain('tried too often');
    });

    it('keeps the form while profiles is down', async () => {
      shop.world.trouble.set('profiles', 'down');
      const { status, text } = await shop.post('/sign-in', credentials);
      expect(status).to.equal(503);
      expect(text).to.contain('Signing in is not possible right now');
      expect(text).to.contain('value="ada@example.com"');
    });

    it('is not offered to those who are signed in', async () => {
      const { location } = await shop.get('/sign-in?next=/orders', signedIn);
      expect(location).to.equal('/orders');
    });
  });

  describe('signing up', () => {
    const fields = { ...credentials, name: 'Ada Lovelace', next: '/checkout' };

    it('creates the account and signs in to it', async () => {
      const { status, location, cookies } = await shop.post('/sign-up', fields);
      expect(status).to.equal(303);
      expect(location).to.equal('/checkout');
      expect(cookies).to.have.lengthOf(2);
    });

    it('says beside the field that an address is taken or a password too short', async () => {
      shop.world.createAccount = () => {
        throw new ProblemError('conflict', 'Taken.');
      };
      const taken = await shop.post('/sign-up', fields);
      expect(taken.status).to.equal(409);
      expect(taken.text).to.contain(
        'id="email-error">There is an account with this address already',
      );
      const short = await shop.post('/sign-up', { ...fields, password: 'short' });
      expect(short.status).to.equal(422);
      expect(short.text).to.contain('id="password-error"');
    });

    it('does not let anybody choose a role', async () => {
      expect((await shop.post('/sign-up', { ...fields, role: 'admin' })).status).to.equal(400);
    });

    it('leads to signing in when the account is there but the session is not', async () => {
      shop.world.createSession = () => {
        throw new ProblemError('too_many_requests', 'Slow down.');
      };
      const { location } = await shop.post('/sign-up', fields);
      expect(location).to.equal('/sign-in?next=%2Fcheckout');
    });
  });

  it('signs out by the cookies it was sent', async () => {
    const sent = { cookie: 'faultline_refresh=r', ...signedIn };
    const { status, location, cookies } = await shop.post('/sign-out', {}, sent);
    expect(status).to.equal(303);
    expect(location).to.equal('/');
    expect(cookies).to.deep.equal([
      'faultline_refresh=; Max-Age=0; Path=/; was=faultline_refresh=r',
    ]);
  });

  it('forgets the session here even when profiles is down', async () => {
    shop.world.trouble.set('profiles', 'down');
    const { cookies } = await shop.post('/sign-out', {}, signedIn);
    expect(cookies).to.have.lengthOf(2);
    for (const cookie of cookies)
      expect(cookie).to.match(/^faultline_(access|refresh)=; Max-Age=0/);
  });

  describe('account page', () => {
    it('shows name, address book and the way out', async () => {
      const { text } = await shop.get('/account', signedIn);
      expect(text).to.contain('value="Ada Lovelace"').and.contain('12 St James Square');
      expect(text).to.contain('action="/sign-out"');
    });

    it('changes the name', async () => {
      const { location } = await shop.post('/account', { account_name: ' Countess ' }, signedIn);
      expect(location).to.equal('/account?note=name');
      expect(shop.world.account.name).to.equal('Countess');
      expect((await shop.get('/account?note=name', signedIn)).text).to.contain(
        'Your name was changed',
      );
    });

    it('says what is wrong with a name', async () => {
      const { status, text } = await shop.post('/account', { account_name: ' ' }, signedIn);
      expect(status).to.equal(422);
      expect(text).to.contain('id="account_name-error"');
    });

    it('adds an address, or says what is missing', async () => {
      const { id: _id, ...typed } = { ...address, city: 'Turin', country: 'IT' };
      const { line2: _line2, ...there } = typed;
      const added = await shop.post('/account/addresses', there, signedIn);
      expect(added.location).to.equal('/account?note=address');
      expect(shop.world.addresses.at(-1)?.city).to.equal('Turin');
      const { status, text } = await shop.post('/account/addresses', { name: 'Ada' }, signedIn);
      expect(status).to.equal(422);
      expect(text).to.contain('id="line1-error"').and.contain('<details open');
    });

    it('removes an address', async () => {
      const path = `/account/addresses/${address.id}/delete`;
      expect((await shop.post(path, {}, signedIn)).location).to.equal('/account?note=removed');
      expect(shop.world.addresses).to.deep.equal([]);
      const none = await shop.post('/account/addresses/home/delete', {}, signedIn);
      expect(none.status).to.equal(404);
    });
  });
});
