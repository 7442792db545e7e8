import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { Answer, Case } from './case.ts';
import type { World } from './world.ts';

/** Limits a test can reach at any speed; and a proxy of ours in front, so that clients differ. */
export const lowLimits = {
  TRUSTED_HOPS: '1',
  RATE_LIMIT_API: '0.5/40',
  RATE_LIMIT_IDENTITY: '0.5/30',
  RATE_LIMIT_CREDENTIALS: '0.5/20',
};

function newAddress(): string {
  return `10.${[...randomBytes(3)].join('.')}`;
}

/** Requests of a flood that are under way at a time: far more a second than any limit allows. */
const atOnce = 10;

/**
 * That many requests, as fast as they are answered; the last that was refused. A machine that is short
 * of time may give up on a few.
 */
async function flood(count: number, send: (index: number) => Promise<Answer>): Promise<Answer> {
  const answers: Answer[] = [];
  let next = 0;
  const sender = async () => {
    while (next < count) answers.push(await send(next++));
  };
  await Promise.all(Array.from({ length: atOnce }, sender));
  const refused = answers.filter(({ status }) => status === 429);
  const served = answers.filter(({ status }) => status < 300 || status === 401);
  const others = answers.filter((answer) => !refused.includes(answer) && !served.includes(answer));
  const late = others.filter(({ status }) => status === 503 || status === 504);
  expect(others.filter((answer) => !late.includes(answer)).map(describeAnswer)).to.deep.equal([]);
  expect(late.length, 'given up').to.be.at.most(count / 10);
  expect(served.length, 'served').to.be.at.least(20);
  return refused.at(-1) ?? expect.fail(`all ${count} were served`);
}

function describeAnswer({ status, body }: Answer): string {
  return `${status} ${JSON.stringify(body)}`;
}

function saysWhen({ headers, body }: Answer): void {
  expect(Number(headers['retry-after'])).to.be.at.least(1);
  expect(body).to.include({ retryable: true });
}

function from(address: string): Record<string, string> {
  return { 'X-Forwarded-For': address };
}

async function expectServed(world: World): Promise<void> {
  const headers = from(newAddress());
  const replies = await Promise.all([
    world.shop.visitor.get('/api/v1/categories', { headers }),
    world.eve.api.get('/api/v1/me', { headers }),
  ]);
  expect(replies.map(({ status }) => status)).to.deep.equal([200, 200]);
}

/** Signs in with a wrong password. */
function guess({ shop }: World, email: string, address: string): Promise<Answer> {
  const credentials = { email, password: 'a wrong guess' };
  return shop.visitor.post('/api/v1/sessions', credentials, from(address));
}

export const limitCases: Case[] = [
  {
    row: 50,
    what: 'a flood from one client is slowed down, others are served',
    async send(world) {
      const headers = from(newAddress());
      return flood(80, () => world.shop.visitor.get('/api/v1/categories', { headers }));
    },
    status: 429,
    async also(answer, world) {
      saysWhen(answer);
      await expectServed(world);
    },
  },
  {
    row: 50,
    what: 'a flood from one identity is slowed down, wherever it comes from',
    send: ({ ann }) => flood(60, () => ann.api.get('/api/v1/me', { headers: from(newAddress()) })),
    status: 429,
    async also(answer, world) {
      saysWhen(answer);
      await expectServed(world);
    },
  },
  {
    row: 51,
    what: 'guessing one password is slowed down for the account, from wherever',
    async send(world) {
      const { email } = world.eve.credentials;
      for (let tries = 0; tries < 10; tries++) {
        expect((await guess(world, email, newAddress())).status).to.equal(401);
      }
      return guess(world, email, newAddress());
    },
    status: 429,
    also: saysWhen,
  },
  {
    row: 51,
    what: 'not for other accounts',
    send: ({ shop, ann }) =>
      shop.visitor.post('/api/v1/sessions', ann.credentials, from(newAddress())),
    status: 201,
  },
  {
    row: 51,
    what: 'trying many accounts is slowed down for the source',
    async send(world) {
      const address = newAddress();
      return flood(40, (index) => guess(world, `u${index}@${world.marker}.example`, address));
    },
    status: 429,
    async also(answer, world) {
      saysWhen(answer);
      const other = await guess(world, 'somebody@else.example', newAddress());
      expect(other.status).to.equal(401);
    },
  },
];
