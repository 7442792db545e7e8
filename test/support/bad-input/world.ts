import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { image } from '@faultline/contracts/images';
import { address, accessTokenProfile } from '@faultline/contracts/profiles';
import { eventually } from '@faultline/chassis/testing/eventually';
import { systemClock } from '@faultline/chassis/clock';
import { importJWK, type JWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { type Admin, type Customer, requireStatus, Shop } from '../shop.ts';
import type { System } from '../system.ts';

/** A shop with a victim, somebody who should not get at her things, and what they share. */
export class World implements AsyncDisposable {
  readonly system: System;
  readonly shop: Shop;
  readonly ann: Customer;
  readonly eve: Customer;
  readonly admin: Admin;
  /** What exists of others than Eve: an order and an address of Ann's, the admin's picture. */
  readonly owned: { order: string; image: string; address: string };
  /** Goes into everything hostile, and must not be found in any log or database. */
  readonly marker = `hostile${randomUUID().replaceAll('-', '')}`;
  /** The key that signs access tokens: with it, a token is wrong in one way only. */
  readonly signingKey: JWK;
  /** Where a server that follows URLs would be seen. */
  readonly trap: Trap;
  /** How often everything had been started when this world began. */
  readonly restarts: Record<string, number>;
  readonly startedAt: Date;
  /** When so much came at once that a service may have asked some to come back later. */
  readonly rushes: { from: Date; to: Date }[] = [];

  private constructor(parts: {
    shop: Shop;
    people: [Customer, Customer, Admin];
    owned: World['owned'];
    signingKey: JWK;
    trap: Trap;
  }) {
    const { shop, people, owned } = parts;
    [this.ann, this.eve, this.admin] = people;
    this.shop = shop;
    this.system = shop.system;
    this.owned = owned;
    this.signingKey = parts.signingKey;
    this.trap = parts.trap;
    this.restarts = this.system.restarts();
    this.startedAt = new Date(systemClock.now());
  }

  static async create(system: System): Promise<World> {
    const shop = new Shop(system);
    const [ann, eve, admin] = await Promise.all([shop.customer(), shop.customer(), shop.admin()]);
    await shop.stocks({ lamp: 1_000, rarity: 1 });
    await stockAtPrice(shop, 'import', { amount: 500, currency: 'USD' });
    await stockAtPrice(shop, 'jewel', { amount: 100_000_000, currency: 'EUR' });
    const owned = {
      order: (await ann.orders({ lamp: 1 })).id,
      image: await admin.uploadsPicture(),
      address: await keepAddress(ann),
    };
    const file = join(system.engine.dataDir, 'secrets/profiles-signing-key.jwk');
    const signingKey: JWK = JSON.parse(await readFile(file, 'utf8'));
    const trap = await Trap.set();
    return new World({ shop, people: [ann, eve, admin], owned, signingKey, trap });
  }

  /** An access token of Ann's that is right but for these changes. */
  async token(
    changes: {
      claims?: JWTPayload & { role?: string };
      header?: Partial<JWTHeaderParameters>;
      without?: string;
      key?: JWK;
    } = {},
  ): Promise<string> {
    const now = Math.floor(systemClock.now() / 1_000);
    const { issuer: iss, audience: aud, type: typ } = accessTokenProfile;
    const claims: JWTPayload = {
      iss,
      aud,
      sub: this.ann.id,
      role: 'customer',
      iat: now,
      exp: now + 600,
      ...changes.claims,
    };
    if (changes.without) delete claims[changes.without];
    const { alg = 'EdDSA', ...header } = { kid: this.signingKey.kid ?? '', ...changes.header };
    return new SignJWT(claims)
      .setProtectedHeader({ alg, typ, ...header })
      .sign(await importJWK(changes.key ?? this.signingKey, alg), { crit: { x: true } });
  }

  /** Does what may be more than the shop can take at once. */
  async rush<T>(work: () => Promise<T>): Promise<T> {
    const from = new Date(systemClock.now());
    try {
      return await work();
    } finally {
      this.rushes.push({ from, to: new Date(systemClock.now()) });
    }
  }

  /** What became of a picture. */
  async settledImage(id: string): Promise<ReturnType<typeof image.parse>> {
    return eventually(async () => {
      const { body } = await this.admin.api.get(`/api/v1/images/${id}`);
      const found = image.parse(body);
      if (found.status === 'ready' || found.status === 'rejected') return found;
      throw new Error(`picture ${id} is ${found.status}`);
    }, 30_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.trap[Symbol.asyncDispose]();
  }
}

/** Listens on loopback and counts who comes. */
class Trap implements AsyncDisposable {
  visits = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      this.visits++;
      socket.destroy();
    });
  }

  static async set(): Promise<Trap> {
    const trap = new Trap();
    await new Promise<void>((done) => trap.#server.listen(0, '127.0.0.1', done));
    return trap;
  }

  get port(): number {
    const bound = this.#server.address();
    return typeof bound === 'object' && bound ? bound.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((done) => this.#server.close(done));
  }
}

async function stockAtPrice(
  shop: Shop,
  nickname: string,
  price: { amount: number; currency: string },
): Promise<void> {
  const admin = await shop.admin();
  const made = await admin.createsProduct(nickname, { price });
  shop.knows(nickname, made);
  await admin.setsStock(made.id, 10);
}

async function keepAddress(customer: Customer): Promise<string> {
  const home = { name: 'Ann', line1: 'Lane 1', city: 'Lund', postal_code: '1', country: 'SE' };
  const kept = await customer.api.post('/api/v1/me/addresses', home);
  requireStatus(kept, 201);
  return address.parse(kept.body).id;
}
