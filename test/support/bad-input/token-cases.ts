import { createPublicKey, randomUUID } from 'node:crypto';
import { systemClock } from '@faultline/chassis/clock';
import { expect } from 'chai';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { type Answer, asVisitor, ask, type Case, type Send } from './case.ts';
import type { World } from './world.ts';

type Forge = (world: World) => string | Promise<string>;

function withToken(forge: Forge): Send {
  return async (world) => {
    const headers = { Authorization: `Bearer ${await forge(world)}` };
    return world.shop.visitor.get('/api/v1/me', { headers });
  };
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

async function unsigned(world: World, alg: string): Promise<string> {
  const [, claims] = (await world.token({ claims: { role: 'admin' } })).split('.');
  return `${part({ alg, typ: 'at+jwt', kid: world.signingKey.kid })}.${claims}.`;
}

/** Signed by HMAC with what is public, for a verifier that takes the algorithm from the token. */
function hmac(secretOf: (publicKey: JWK) => string | Buffer): Forge {
  return (world) => {
    const { d: _, ...publicKey } = world.signingKey;
    const k = Buffer.from(secretOf(publicKey)).toString('base64url');
    return world.token({ header: { alg: 'HS256' }, key: { kty: 'oct', k } });
  };
}

async function ownKey(alg = 'EdDSA'): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return exportJWK(privateKey);
}

async function embedded(world: World): Promise<string> {
  const key = await ownKey();
  const { d: _, ...jwk } = key;
  return world.token({ key, header: { jwk, kid: 'mine' } });
}

async function tampered(world: World): Promise<string> {
  const [header, , signature] = (await world.token()).split('.');
  return `${header}.${part({ sub: world.ann.id, role: 'admin' })}.${signature}`;
}

function pointing(name: 'jku' | 'x5u'): Forge {
  return async (world) => {
    const url = `http://127.0.0.1:${world.trap.port}/keys`;
    return world.token({ key: await ownKey(), header: { [name]: url, kid: 'elsewhere' } });
  };
}

const forged: Record<string, Forge> = {
  'alg none': (world) => unsigned(world, 'none'),
  'alg nOnE': (world) => unsigned(world, 'nOnE'),
  'no signature': (world) => unsigned(world, 'EdDSA'),
  'HS256 with the public key': hmac(({ x }) => Buffer.from(x ?? '', 'base64url')),
  'HS256 with the public key as PEM': hmac((key) =>
    createPublicKey({ key: { ...key }, format: 'jwk' }).export({ type: 'spki', format: 'pem' }),
  ),
  'HS256 with the published JWK': hmac((key) => JSON.stringify(key)),
  'a key of its own under our kid': async (world) => world.token({ key: await ownKey() }),
  'ES256 under our kid': async (world) =>
    world.token({ key: await ownKey('ES256'), header: { alg: 'ES256' } }),
  'an unknown kid': async (world) => world.token({ header: { kid: randomUUID() } }),
  'no kid': (world) => world.token({ header: { kid: '' } }),
  'a kid that is a path': (world) => world.token({ header: { kid: '../../../dev/null' } }),
  'a kid that is SQL': (world) => world.token({ header: { kid: "x' UNION SELECT 'k' --" } }),
  'an embedded jwk': embedded,
  'a jku to follow': pointing('jku'),
  'an x5u to follow': pointing('x5u'),
  'claims that were changed': tampered,
};

const nowSeconds = () => Math.floor(systemClock.now() / 1_000);

/** All of them signed with the true key. */
const wrong: Record<string, Forge> = {
  'that has expired': (world) => world.token({ claims: { exp: nowSeconds() - 120 } }),
  'of the future (nbf)': (world) => world.token({ claims: { nbf: nowSeconds() + 120 } }),
  'for another audience': (world) => world.token({ claims: { aud: 'somebody-else' } }),
  'of another issuer': (world) => world.token({ claims: { iss: 'https://evil.example' } }),
  'of another type': (world) => world.token({ header: { typ: 'JWT' } }),
  'without exp': (world) => world.token({ without: 'exp' }),
  'without sub': (world) => world.token({ without: 'sub' }),
  'whose sub is no id': (world) => world.token({ claims: { sub: "' OR 1=1 --" } }),
  'of an unknown role': (world) => world.token({ claims: { role: 'root' } }),
  'with a critical extension': (world) => world.token({ header: { crit: ['x'], x: 1 } }),
  'of 9 KB': (world) => world.token({ claims: { more: 'x'.repeat(9_000) } }),
  'of three bytes': () => 'a.b',
};

export const tokenCases: Case[] = [
  {
    row: 27,
    what: 'a token that is right in every way is taken',
    send: withToken((world) => world.token()),
    status: 200,
  },
  ...Object.entries(forged).map(([what, forge]) => refused(27, `a token with ${what}`, forge)),
  ...Object.entries(wrong).map(([what, forge]) => refused(28, `a token ${what}`, forge)),
  {
    row: 28,
    what: 'a token of 1 MB',
    // The answer can get lost when the server closes on who still sends.
    send: (world) =>
      withToken(() => 'a'.repeat(1_000_000))(world).catch(() => ({
        status: 0,
        headers: {},
        body: {},
      })),
    status: [0, 401, 431],
  },
];

function refused(row: number, what: string, forge: Forge): Case {
  return {
    row,
    what,
    send: withToken(forge),
    status: 401,
    also({ headers }, { trap }) {
      expect(headers['www-authenticate']).to.include('invalid_token');
      expect(trap.visits).to.equal(0);
    },
  };
}

const absent = '01980000-0000-7000-8000-00000000dead';

/** As Eve: what is Ann's looks just as what is not there. */
function foreign(what: string, method: string, pathOf: (id: string) => string): Case {
  const kind = /order|image|address/.exec(what)?.[0];
  const request = (world: World, id: string) => world.eve.api.send(method, pathOf(id));
  const idOf = ({ owned }: World) =>
    kind === 'order' ? owned.order : kind === 'image' ? owned.image : owned.address;
  return {
    row: 29,
    what: `${what} of another user`,
    send: (world) => request(world, idOf(world)),
    status: 404,
    async also(answer, world) {
      const nothing = await request(world, absent);
      expect(anonymous(answer, idOf(world))).to.deep.equal(anonymous(nothing, absent));
    },
  };
}

/** Without what differs from one request to the next. */
function anonymous({ status, headers, body }: Answer, id: string) {
  const { 'content-type': type, 'cache-control': cache } = headers;
  const text = JSON.stringify({ ...body, trace_id: '' }).replaceAll(id, '<id>');
  return { status, type, cache, text };
}

export const foreignCases: Case[] = [
  foreign('reading an order', 'GET', (id) => `/api/v1/orders/${id}`),
  foreign('cancelling an order', 'POST', (id) => `/api/v1/orders/${id}/cancel`),
  foreign('watching an order', 'GET', (id) => `/api/v1/orders/${id}/events`),
  foreign('reading an image', 'GET', (id) => `/api/v1/images/${id}`),
  foreign('deleting an address', 'DELETE', (id) => `/api/v1/me/addresses/${id}`),
  {
    row: 29,
    what: 'the owner’s order is still there, and no admin’s business of a customer',
    send: ask('GET', '/api/v1/admin/orders'),
    status: 403,
    async also(_, { ann, owned }) {
      expect((await ann.order(owned.order)).status).to.equal('confirmed');
    },
  },
  {
    row: 29,
    what: 'nobody’s order without signing in',
    send: (world) => ask('GET', `/api/v1/orders/${world.owned.order}`, {}, asVisitor)(world),
    status: 401,
  },
];
