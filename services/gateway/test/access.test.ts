import { expect } from 'chai';
import { exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { systemClock } from '@faultline/chassis/clock';
import { type Fixture, startGateway } from './fixture.ts';
import { json } from './stub-service.ts';
import { ADMIN, CUSTOMER } from './tokens.ts';

const nowSeconds = () => Math.floor(systemClock.now() / 1_000);

describe('access to the API', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startGateway();
  });
  after(() => fixture.stop());
  beforeEach(() => fixture.reset());

  const call = (path: string, authorization?: string, init: RequestInit = {}) =>
    fetch(`${fixture.url}${path}`, {
      ...init,
      headers: { ...(authorization ? { authorization } : {}), ...Object(init.headers) },
    });

  it('goes on as the account and role that the token says', async () => {
    expect((await call('/api/v1/me', `Bearer ${await fixture.mint.customer()}`)).status).to.equal(
      200,
    );
    expect(
      (await call('/api/v1/admin/stock', `bearer ${await fixture.mint.admin()}`)).status,
    ).to.equal(200);
    expect(fixture.stubs.profiles.received.at(-1)?.headers['x-principal-id']).to.equal(CUSTOMER);
    expect(fixture.stubs.admin.received[0]?.headers).to.include({
      'x-principal-id': ADMIN,
      'x-principal-role': 'admin',
    });
  });

  it('needs a token where the contract says so, and asks for one', async () => {
    const reply = await call('/api/v1/orders');
    expect(reply.status).to.equal(401);
    expect(reply.headers.get('www-authenticate')).to.equal('Bearer');
    expect(fixture.stubs.orders.received).to.deep.equal([]);
  });

  it('is not for customers where it is for admins', async () => {
    const reply = await call('/api/v1/admin/accounts', `Bearer ${await fixture.mint.customer()}`);
    expect(reply.status).to.equal(403);
    expect(fixture.forwarded()).to.deep.equal([]);
  });

  it('is never granted by cookies', async () => {
    const cookie = `faultline_access=${await fixture.mint.customer()}`;
    expect((await call('/api/v1/me', undefined, { headers: { cookie } })).status).to.equal(401);
  });

  const forged: Record<string, () => Promise<string>> = {
    'no algorithm': async () =>
      new UnsecuredJWT({ sub: CUSTOMER, role: 'admin' }).setExpirationTime('1h').encode(),
    'HS256 with the public key as the secret': async () => {
      const { publicKey } = await generateKeyPair('EdDSA', { extractable: true });
      const secrets = [fixture.mint.publicJwk.x ?? '', await exportSPKI(publicKey)];
      const [secret = ''] = secrets;
      return new SignJWT({ sub: CUSTOMER, role: 'admin' })
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: fixture.mint.kid })
        .setExpirationTime('1h')
        .sign(Buffer.from(secret, 'base64url'));
    },
    'ES256 under our key id': async () => {
      const { privateKey } = await generateKeyPair('ES256');
      return fixture.mint.sign({ header: { alg: 'ES256' }, key: privateKey });
    },
    'a key of somebody else under our key id': async () => {
      const { privateKey } = await generateKeyPair('EdDSA');
      return fixture.mint.sign({ key: privateKey });
    },
    'an embedded key': async () => {
      const { privateKey } = await generateKeyPair('EdDSA');
      const jwk = fixture.mint.publicJwk;
      return fixture.mint.sign({ header: { jwk, kid: 'theirs' }, key: privateKey });
    },
    'a key by URL': async () => {
      const jku = `${fixture.stubs.catalog.url}/keys`;
      return fixture.mint.sign({ header: { jku, x5u: jku, kid: 'theirs' } });
    },
    'a key id that is a path': () => fixture.mint.sign({ header: { kid: '../../etc/passwd' } }),
    'a key id that is SQL': () => fixture.mint.sign({ header: { kid: "' OR 1=1 --" } }),
    'no key id': () => fixture.mint.sign({ header: { kid: undefined } }),
    'a critical extension that is not understood': () =>
      fixture.mint.sign({ header: { crit: ['x'], x: 1 } }),
    'another type': () => fixture.mint.sign({ header: { typ: 'JWT' } }),
    'an expiry 61 s ago': () => fixture.mint.sign({ payload: { exp: nowSeconds() - 61 } }),
    'no expiry': () => fixture.mint.sign({ without: 'exp' }),
    'a start 61 s from now': () => fixture.mint.sign({ payload: { nbf: nowSeconds() + 61 } }),
    'another issuer': () => fixture.mint.sign({ payload: { iss: 'evil' } }),
    'another audience': () => fixture.mint.sign({ payload: { aud: 'other-shop' } }),
    'no subject': () => fixture.mint.sign({ without: 'sub' }),
    'a subject that is no account id': () => fixture.mint.sign({ payload: { sub: 'admin' } }),
    'a role nobody has': () => fixture.mint.sign({ payload: { role: 'root' } }),
    'a changed payload': async () => {
      const [header, , signature] = (await fixture.mint.customer()).split('.');
      const payload = Buffer.from(JSON.stringify({ sub: CUSTOMER, role: 'admin' }));
      return `${header}.${payload.toString('base64url')}.${signature}`;
    },
    '9 KiB of claims': () => fixture.mint.sign({ payload: { more: 'x'.repeat(9_000) } }),
    'no JWT at all': async () => 'token',
    'a JWT of five parts': async () => 'a.b.c.d.e',
  };
  for (const [what, forge] of Object.entries(forged)) {
    it(`is refused for a token with ${what}`, async () => {
      const reply = await call('/api/v1/me', `Bearer ${await forge()}`);
      expect(reply.status).to.equal(401);
      expect(reply.headers.get('www-authenticate')).to.contain('invalid_token');
      expect(fixture.forwarded()).to.deep.equal([]);
    });
  }

  for (const [what, header] of [
    ['Basic credentials', 'Basic dXNlcjpwYXNz'],
    ['nothing behind Bearer', 'Bearer'],
    ['two tokens', 'Bearer a b'],
  ] as const) {
    it(`is refused for ${what}`, async () => {
      expect((await call('/api/v1/me', header)).status).to.equal(401);
    });
  }

  it('is refused for a token of 1 MB, without reading it', async () => {
    const reply = await call('/api/v1/me', `Bearer ${'a'.repeat(1_000_000)}`).catch(
      () => undefined,
    );
    if (reply) expect(reply.status).to.be.oneOf([401, 431]);
    expect(fixture.forwarded()).to.deep.equal([]);
  });

  it('allows clocks to differ by half a minute', async () => {
    const late = await fixture.mint.sign({ payload: { exp: nowSeconds() - 10 } });
    const early = await fixture.mint.sign({ payload: { nbf: nowSeconds() + 10 } });
    expect((await call('/api/v1/me', `Bearer ${late}`)).status).to.equal(200);
    expect((await call('/api/v1/me', `Bearer ${early}`)).status).to.equal(200);
  });

  it('asks for unknown keys once in a while, not once for each token', async () => {
    const asked = () =>
      fixture.stubs.profiles.received.filter(({ url }) => url === '/internal/v1/jwks').length;
    await call('/api/v1/me', `Bearer ${await fixture.mint.customer()}`);
    const before = asked();
    for (let index = 0; index < 30; index++) {
      const token = await fixture.mint.sign({ header: { kid: `unknown-${index}` } });
      expect((await call('/api/v1/me', `Bearer ${token}`)).status).to.equal(401);
    }
    expect(asked() - before).to.be.at.most(1);
  });

  it('works on while profiles is away, once the keys are known', async () => {
    let laterMs = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + laterMs };
    const other = await startGateway({ clock });
    try {
      const authorization = `Bearer ${await other.mint.customer()}`;
      const orders = () => fetch(`${other.url}/api/v1/orders`, { headers: { authorization } });
      other.stubs.profiles.reply = (_req, res) => json(res, 500, {});
      const unknown = await orders();
      expect(unknown.status).to.equal(503);
      expect(await unknown.json()).to.include({ dependency: 'profiles', retryable: true });
      laterMs += 1_000;
      other.stubs.profiles.reply = (_req, res) =>
        json(res, 200, { keys: [other.mint.publicJwk, { kty: 'RSA', kid: 'r' }] });
      expect((await orders()).status).to.equal(200);
      await other.stubs.profiles.stop();
      expect((await orders()).status).to.equal(200);
    } finally {
      await other.stop();
    }
  });
});
