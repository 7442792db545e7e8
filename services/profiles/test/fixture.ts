import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@faultline/chassis/clock';
import { systemClock } from '@faultline/chassis/clock';
import { createMetrics } from '@faultline/chassis/metrics';
import { createApp } from '@faultline/chassis/app';
import { Outbox } from '@faultline/chassis/outbox';
import { connectRedis, disconnectRedis } from '@faultline/chassis/redis';
import { serve } from '@faultline/chassis/testing/app';
import { silentLog } from '@faultline/chassis/testing/log';
import {
  createTestDatabase,
  type TestDatabase,
  testRedisUrl,
} from '@faultline/chassis/testing/stores';
import { exportJWK, generateKeyPair } from 'jose';
import { createAccessTokens } from '../src/access-tokens.ts';
import { mountProfiles } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { createSessionCookies } from '../src/cookies.ts';
import { Passwords } from '../src/passwords.ts';
import { Sessions } from '../src/sessions.ts';
import { defaultThrottleLimits, Throttle, type ThrottleLimits } from '../src/throttle.ts';

/** A clock that runs, and that a test can set forward. */
class ShiftedClock implements Clock {
  shiftMs = 0;
  now(): number {
    return systemClock.now() + this.shiftMs;
  }
  monotonic(): number {
    return systemClock.monotonic();
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }
}

/** A new private Ed25519 key as the configuration takes it. */
export async function newSigningKey(): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  return JSON.stringify(await exportJWK(privateKey));
}

export function environment(changes: Record<string, string>): Record<string, string> {
  return {
    SERVICE_NAME: 'profiles',
    DATABASE_URL: 'postgres://127.0.0.1/none',
    REDIS_URL: 'redis://127.0.0.1',
    ...changes,
  };
}

export type Reply = {
  status: number;
  headers: Headers;
  // The tests look into documents of many shapes; an assertion follows each access.
  body: { [name: string]: unknown };
};

/** The service on a database of its own. */
export type Fixture = Awaited<ReturnType<typeof startProfiles>>;

export async function startProfiles(
  options: { limits?: Partial<ThrottleLimits>; queueMax?: number } = {},
) {
  const database = await createTestDatabase(
    fileURLToPath(new URL('../migrations', import.meta.url)),
  );
  const redis = connectRedis({ url: testRedisUrl(), log: silentLog });
  const clock = new ShiftedClock();
  const metrics = createMetrics();
  const outbox = new Outbox({
    postgres: database,
    redis,
    clock,
    log: silentLog,
    metrics: metrics.outbox,
  });
  const { SIGNING_KEY } = readConfig(environment({ SIGNING_KEY: await newSigningKey() }));
  const passwords = await Passwords.create(options);
  const limits = { ...defaultThrottleLimits, ...options.limits };
  const deps = {
    postgres: database,
    outbox,
    clock,
    passwords,
    throttle: new Throttle({ db: database.pool, clock, limits }),
    sessions: new Sessions({ postgres: database, clock }),
    tokens: await createAccessTokens({ key: SIGNING_KEY, clock }),
    cookies: createSessionCookies({ secure: false }),
  };
  const { app, router } = createApp({
    name: 'profiles',
    version: '1',
    requestTimeoutMs: 10_000,
    clock,
    log: silentLog,
    metrics: metrics.http,
    draining: () => false,
  });
  mountProfiles(router, deps);
  const server = await serve(app);
  return {
    ...deps,
    database,
    request: requester(server.url),
    events: () => eventsOf(database),
    async stop() {
      await server.close();
      await disconnectRedis(redis);
      await database.drop();
    },
  };
}

function requester(url: string) {
  return async (
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Reply> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    // See Reply.
    const parsed = (text === '' ? {} : JSON.parse(text)) as Reply['body'];
    return { status: response.status, headers: response.headers, body: parsed };
  };
}

async function eventsOf(database: TestDatabase): Promise<{ type: string; data: unknown }[]> {
  const { rows } = await database.pool.query<{ event: { type: string; data: unknown } }>(
    'SELECT event FROM outbox ORDER BY seq',
  );
  return rows.map(({ event }) => ({ type: event.type, data: event.data }));
}

/** An account nobody else has. */
export function someone(): { email: string; name: string; password: string } {
  return { email: `${randomUUID()}@example.org`, name: 'Some One', password: 'correct horse 1' };
}

/** `name=value` pairs of the cookies a reply sets, as a browser would send them back. */
export function cookiesOf(reply: Reply): string {
  return reply.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

/** Signs up and in; the account's id and the session's cookies. */
export async function signIn(fixture: Fixture, person = someone()) {
  const created = await fixture.request('POST', '/api/v1/accounts', { body: person });
  const { email, password } = person;
  const session = await fixture.request('POST', '/api/v1/sessions', { body: { email, password } });
  return { id: String(created.body['id']), person, session, cookies: cookiesOf(session) };
}
