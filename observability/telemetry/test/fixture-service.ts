/**
 * A small service that imports its packages as real ones do, so that what it runs is what telemetry
 * patched. Settings come as JSON in the first argument; the address it listens on goes to standard
 * output.
 */
import { createServer, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import Router from '@koa/router';
import axios from 'axios';
import { Redis } from 'ioredis';
import Koa from 'koa';
import pg from 'pg';
import { droppedSpans, flushTelemetry } from '../src/flush.ts';
import { currentTraceId, nameRoute } from '../src/spans-api.ts';

type Settings = {
  readonly listen: string | number;
  readonly callUrl: string;
  readonly postgresUrl: string;
  readonly redisUrl: string;
};

// The tests that start this process write the argument.
const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
const pool = new pg.Pool({ connectionString: settings.postgresUrl, max: 2 });
const redis = new Redis(settings.redisUrl, { lazyConnect: true });
const router = new Router({ prefix: '/v1' });

router.get('/things/:id', (ctx) => {
  ctx.body = {
    traceId: currentTraceId(),
    traceparent: ctx.get('traceparent'),
    dropped: droppedSpans(),
  };
});
router.post('/cards', async (ctx) => {
  ctx.body = { length: (await text(ctx.req)).length };
});
router.get('/unavailable', (ctx) => {
  ctx.status = 503;
});
router.get('/throws', () => {
  throw new Error('cannot read "canary-message"');
});
router.get('/axios', async (ctx) => {
  ctx.body = (await axios.get(`${settings.callUrl}?token=canary-query`)).data;
});
router.get('/node-http', async (ctx) => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get(`${settings.callUrl}?token=canary-query`, resolve).on('error', reject);
  ctx.body = await text(await promise);
});
router.get('/refused', async (ctx) => {
  ctx.body = (await axios.get('http://127.0.0.1:1/')).data;
});
router.get('/deadline', async (ctx) => {
  const signal = AbortSignal.timeout(50);
  ctx.body = (await axios.get(settings.callUrl, { signal, proxy: false })).data;
});
router.get('/pg', async (ctx) => {
  ctx.body = (await pool.query('SELECT $1::text AS value', ['canary-sql'])).rows;
});
router.get('/pg-fails', async (ctx) => {
  ctx.body = (await pool.query('SELECT $1::text::uuid', ['canary-sql'])).rows;
});
router.get('/redis', async (ctx) => {
  await redis.set('telemetry-fixture', 'canary-redis', 'PX', 10_000);
  ctx.body = await redis.get('telemetry-fixture');
});
router.get('/redis-fails', async (ctx) => {
  ctx.body = await redis.call('NO-SUCH-COMMAND', 'canary-redis');
});
router.get('/background', async (ctx) => {
  ctx.body = await inBackground;
});

const app = new Koa();
app.silent = true;
app.use(router.routes());
app.use(async (ctx, next) => {
  if (ctx.path.startsWith('/v1/by-hand/')) nameRoute('/v1/by-hand/:id');
  await next();
});

const inBackground = (async () => {
  if (settings.postgresUrl === '') return undefined;
  await pool.query('SELECT 1');
  const own = new Redis(settings.redisUrl);
  try {
    return await own.ping();
  } finally {
    own.disconnect();
  }
})();

const server = createServer(app.callback());
server.listen(settings.listen, () => {
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});
process.once('SIGTERM', () => {
  server.close(() => {
    void Promise.allSettled([pool.end(), flushTelemetry(1_000)]).then(() => redis.disconnect());
  });
  server.closeIdleConnections();
});
