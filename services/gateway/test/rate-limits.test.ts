import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { createMetrics } from '@faultline/chassis/metrics';
import { expect } from 'chai';
import { type Fixture, type FixtureOptions, startGateway } from './fixture.ts';

/** An address no other test has. */
function newAddress(): string {
  const [a, b, c] = randomBytes(3);
  return `10.${a}.${b}.${c}`;
}

const strict: FixtureOptions = {
  trustedHops: 1,
  limits: {
    api: { perSecond: 0.5, burst: 5 },
    pages: { perSecond: 0.5, burst: 3 },
    identity: { perSecond: 0.5, burst: 4 },
    credentials: { perSecond: 0.5, burst: 2 },
  },
};

async function statuses(count: number, send: () => Promise<Response>): Promise<number[]> {
  const replies = await Promise.all(Array.from({ length: count }, send));
  return replies.map(({ status }) => status).toSorted();
}

function shared(): void {
  let fixture: Fixture;
  before(async () => {
    fixture = await startGateway(strict);
  });
  after(() => fixture.stop());

  const get = (path: string, address: string, headers: Record<string, string> = {}) =>
    fetch(`${fixture.url}${path}`, { headers: { 'x-forwarded-for': address, ...headers } });

  it('lets a burst of one address through, then refuses, and others are not affected', async () => {
    const address = newAddress();
    const seen = await statuses(8, () => get('/api/v1/categories', address));
    expect(seen).to.deep.equal([200, 200, 200, 200, 200, 429, 429, 429]);
    const refused = await get('/api/v1/categories', address);
    expect(refused.status).to.equal(429);
    expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 2);
    expect(refused.headers.get('ratelimit-limit')).to.equal('5');
    expect(refused.headers.get('ratelimit-remaining')).to.equal('0');
    expect(Number(refused.headers.get('ratelimit-reset'))).to.be.within(9, 10);
    expect(await refused.json()).to.include({ reason: 'limit_api', retryable: true });
    expect((await get('/api/v1/categories', newAddress())).status).to.equal(200);
  });

  it('counts all addresses of one IPv6 subscriber together', async () => {
    const net = randomBytes(2).toString('hex');
    let host = 0;
    const seen = await statuses(6, () => get('/api/v1/categories', `2001:db8:${net}:1::${++host}`));
    expect(seen).to.deep.equal([200, 200, 200, 200, 200, 429]);
  });

  it('limits an account, wherever it comes from', async () => {
    const sub = `01980000-0000-7000-8000-${randomBytes(6).toString('hex')}`;
    const token = await fixture.mint.sign({ payload: { sub } });
    const authorization = { authorization: `Bearer ${token}` };
    const seen = await statuses(6, () => get('/api/v1/me', newAddress(), authorization));
    expect(seen).to.deep.equal([200, 200, 200, 200, 429, 429]);
  });

  it('limits pages apart from the API', async () => {
    const address = newAddress();
    expect(await statuses(4, () => get('/', address))).to.deep.equal([200, 200, 200, 429]);
    expect((await get('/api/v1/categories', address)).status).to.equal(200);
  });

  it('limits sign-in and sign-up more than the rest, by API and by page', async () => {
    const post = (path: string, address: string, type: string) =>
      fetch(`${fixture.url}${path}`, {
        method: 'POST',
        headers: { 'x-forwarded-for': address, 'content-type': type },
        body: '{}',
      });
    for (const path of ['/api/v1/sessions', '/api/v1/accounts']) {
      const address = newAddress();
      const seen = await statuses(3, () => post(path, address, 'application/json'));
      expect(seen).to.deep.equal([200, 200, 429]);
    }
    const address = newAddress();
    const seen = await statuses(3, () =>
      post('/sign-in', address, 'application/x-www-form-urlencoded'),
    );
    expect(seen).to.deep.equal([200, 200, 429]);
  });
}

describe('rate limits counted in Redis', () => {
  shared();

  it('hold across replicas and outlive a restart of Redis’ script cache', async () => {
    const [one, two] = [await startGateway(strict), await startGateway(strict)];
    try {
      const address = newAddress();
      const get = (url: string) =>
        fetch(`${url}/api/v1/categories`, { headers: { 'x-forwarded-for': address } });
      expect(await statuses(3, () => get(one.url))).to.deep.equal([200, 200, 200]);
      await one.redis.script('FLUSH');
      expect(await statuses(4, () => get(two.url))).to.deep.equal([200, 200, 429, 429]);
    } finally {
      await Promise.all([one.stop(), two.stop()]);
    }
  });

  it('leave nothing behind for ever', async () => {
    const fixture = await startGateway(strict);
    try {
      const address = newAddress();
      await fetch(`${fixture.url}/`, { headers: { 'x-forwarded-for': address } });
      const ttlMs = await fixture.redis.pttl(`limit:pages:${address}`);
      expect(ttlMs).to.be.within(1, 7_000);
    } finally {
      await fixture.stop();
    }
  });
});

describe('rate limits while Redis hangs', () => {
  it('hold nobody up, and are counted locally', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    // A listening TCP server has an AddressInfo.
    const { port } = silent.address() as AddressInfo;
    const fixture = await startGateway({ ...strict, redisUrl: `redis://127.0.0.1:${port}` });
    try {
      const address = newAddress();
      const startedMs = performance.now();
      const seen = await statuses(7, () =>
        fetch(`${fixture.url}/api/v1/categories`, { headers: { 'x-forwarded-for': address } }),
      );
      expect(seen).to.deep.equal([200, 200, 200, 200, 200, 429, 429]);
      expect(performance.now() - startedMs).to.be.below(1_500);
    } finally {
      await fixture.stop();
      silent.close();
    }
  });
});

describe('rate limits while Redis is away', () => {
  before(() => {
    strict.redisUrl = 'redis://127.0.0.1:1/0';
  });
  after(() => {
    delete strict.redisUrl;
  });
  shared();

  it('are counted as failed open', async () => {
    const metrics = createMetrics();
    const fixture = await startGateway({ ...strict, metrics });
    try {
      const headers = { 'x-forwarded-for': newAddress() };
      await statuses(7, () => fetch(`${fixture.url}/api/v1/categories`, { headers }));
      const text = await metrics.registry.metrics();
      expect(text).to.match(/rate_limit_decisions_total\{limit="api",decision="failed_open"\} 5/);
      expect(text).to.match(/rate_limit_decisions_total\{limit="api",decision="refused"\} 2/);
    } finally {
      await fixture.stop();
    }
  });
});
