import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { memoryKind } from './processes.ts';
import { soak } from './store/soak.ts';
import {
  agent,
  get,
  memoryMb,
  metric,
  percentile,
  post,
  startStoreProcess,
  stopStoreProcess,
  type StoreProcess,
} from './store/store-process.ts';
import { withoutStore } from './store/without.ts';
import { type Batch, batches, largeTrace, seeded } from './store/traffic.ts';

// Measures the trace store as a process: how fast it takes spans, how long searches and large traces
// take, what it needs of memory, and how soon it is there. `node bench/store.ts [--json]`; with
// `--soak [--minutes 3] [--rate 20000]` instead what it needs, analysis included, under a steady flood;
// with `--without [--rounds 3]` what people notice of it when it stands still or is gone.

const MB = 1_024 * 1_024;
const TRACES = 50_000;
const TRACES_AT_ONCE = 2_500;
const TRACES_PER_REQUEST = 100;
const SENDERS = 4;
const SEARCH_ROUNDS = 15;
const LARGE_TRACE_SPANS = 10_000;

type Sent = { spans: number; seconds: number; requestsMs: number[] };

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '3' },
    rate: { type: 'string', default: '20000' },
    without: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'bench-store-'));
const random = seeded(1);
const startMs = Date.now() - 3_600_000;

async function main(): Promise<void> {
  const results = await measure();
  if (options.json) console.log(JSON.stringify(results));
  else {
    for (const [name, value] of Object.entries(results)) {
      console.log(`${name.padEnd(52)} ${value.toFixed(2).padStart(12)}`);
    }
  }
}

async function measure(): Promise<Record<string, number>> {
  if (options.soak) return measureSoak();
  if (!options.without) return { ...(await measureLarge()), ...(await measureDefault()) };
  return withoutStore({ dataDir: join(folder, 'shop'), rounds: Number(options.rounds) });
}

/** As the local engine runs it: with its default budget, and with the analysis. */
async function measureSoak(): Promise<Record<string, number>> {
  const store = await start('soak', { program: 'whole' });
  const [minutes, spansPerSecond] = [Number(options.minutes), Number(options.rate)];
  if (!(minutes > 0 && spansPerSecond > 0)) {
    throw new Error('--minutes and --rate: expected numbers above 0');
  }
  try {
    return await soak(store, { minutes, spansPerSecond });
  } finally {
    await stopStoreProcess(store);
  }
}

/** With room for all traces: rates, searches, a large trace. */
async function measureLarge(): Promise<Record<string, number>> {
  await stopStoreProcess(await start('warm'));
  const store = await start('large', { maxBytes: 256 * MB });
  try {
    const cpuBefore = await metric(store, 'process_cpu_seconds_total');
    const sent = await fill(store, TRACES);
    const cpu = (await metric(store, 'process_cpu_seconds_total')) - cpuBefore;
    const searches = await search(store);
    const large = await readLarge(store);
    return {
      'ready ms after spawn': store.startMs,
      'spans sent': sent.spans,
      'spans per second, wall clock': sent.spans / sent.seconds,
      'spans per CPU second': sent.spans / cpu,
      'p50 ms of a request of 200 spans': percentile(sent.requestsMs, 0.5),
      'p99 ms of a request of 200 spans': percentile(sent.requestsMs, 0.99),
      'bytes in memory per span':
        (await metric(store, 'faultline_store_bytes')) / (sent.spans + LARGE_TRACE_SPANS),
      'traces searched': await metric(store, 'faultline_store_traces'),
      ...searches,
      ...large,
    };
  } finally {
    await stopStoreProcess(store);
  }
}

/** With the default budget, filled several times over: memory, and a start with what was left. */
async function measureDefault(): Promise<Record<string, number>> {
  const store = await start('default');
  try {
    const idle = memoryMb(store);
    await fill(store, TRACES);
    const full = memoryMb(store);
    const traces = await metric(store, 'faultline_store_traces');
    const bytes = await metric(store, 'faultline_store_bytes');
    await stopStoreProcess(store);
    const againMs = performance.now();
    const again = await start('default');
    const spans = await again.restored;
    const result = {
      [`${memoryKind.toUpperCase()} MB, idle`]: idle,
      [`${memoryKind.toUpperCase()} MB, default budget full`]: full,
      'budgeted MB in use then': bytes / MB,
      'traces held then': traces,
      'ready ms after spawn, with traces on disk': again.startMs,
      'spans restored': spans,
      'ms after spawn until they were': performance.now() - againMs,
    };
    await stopStoreProcess(again);
    return result;
  } finally {
    store.process.kill('SIGKILL');
  }
}

function start(
  name: string,
  { program = 'alone', maxBytes = 0 }: { program?: 'alone' | 'whole'; maxBytes?: number } = {},
): Promise<StoreProcess> {
  const [dir, cacheDir] = [join(folder, name), join(folder, 'cache')];
  return startStoreProcess({ program, dir, cacheDir, maxBytes });
}

/** Sends so many traces; making them is not part of the time. */
async function fill(store: StoreProcess, traces: number): Promise<Sent> {
  const sent: Sent = { spans: 0, seconds: 0, requestsMs: [] };
  for (let first = 0; first < traces; first += TRACES_AT_ONCE) {
    const waiting: Batch[] = [];
    for (let offset = 0; offset < TRACES_AT_ONCE; offset += TRACES_PER_REQUEST) {
      const from = first + offset;
      const when = startMs + from * 10;
      waiting.push(...batches({ first: from, traces: TRACES_PER_REQUEST, startMs: when, random }));
    }
    const beganMs = performance.now();
    await Promise.all(Array.from({ length: SENDERS }, () => sendAll(store, waiting, sent)));
    sent.seconds += (performance.now() - beganMs) / 1_000;
  }
  return sent;
}

async function sendAll(store: StoreProcess, waiting: Batch[], sent: Sent): Promise<void> {
  for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
    const beganMs = performance.now();
    const status = await post(store, batch.body);
    if (status !== 200) throw new Error(`spans were refused: ${status}`);
    sent.requestsMs.push(performance.now() - beganMs);
    sent.spans += batch.spans;
  }
}

async function search(store: StoreProcess): Promise<Record<string, number>> {
  const times = new Map<string, number[]>();
  for (let round = 0; round < SEARCH_ROUNDS; round++) {
    for (const [name, query] of Object.entries(queriesOf(round))) {
      const beganMs = performance.now();
      await get(
        `${store.http}/api/v3/trace-summaries?${new URLSearchParams({ ...query, ...hours })}`,
      );
      times.set(name, [...(times.get(name) ?? []), performance.now() - beganMs]);
    }
  }
  const all = [...times.values()].flat();
  return {
    'search p50 ms': percentile(all, 0.5),
    'search p95 ms': percentile(all, 0.95),
    'search slowest ms': Math.max(...all),
    ...Object.fromEntries(
      [...times].map(([name, ms]) => [`  by ${name}, p95 ms`, percentile(ms, 0.95)]),
    ),
  };
}

const hours = {
  'query.startTimeMin': new Date(startMs - 3_600_000).toISOString(),
  'query.startTimeMax': new Date(startMs + 2 * 3_600_000).toISOString(),
};

function queriesOf(round: number): Record<string, Record<string, string>> {
  const order = ((round * 3_301) % TRACES).toString(16).padStart(24, '0');
  const tags = (all: Record<string, string>) => ({ 'query.attributes': JSON.stringify(all) });
  const service = { 'query.serviceName': 'orders' };
  return {
    service: { ...service, 'query.searchDepth': '20' },
    'service, 100 traces': { ...service, 'query.searchDepth': '100' },
    'service and operation': { ...service, 'query.operationName': 'GET' },
    'an order id': tags({ 'shop.order_id': order }),
    'an order id and its service': {
      'query.serviceName': 'inventory',
      ...tags({ 'shop.order_id': order }),
    },
    'an error': tags({ error: 'true' }),
    'a status and a service': { ...service, ...tags({ 'http.response.status_code': '503' }) },
    'a path': tags({ 'url.path': `/api/v1/products/${round * 31}` }),
    'a duration': { 'query.durationMin': '55ms', 'query.searchDepth': '20' },
    'what there is not': tags({ 'http.request.method': 'DELETE' }),
    'what no span has all of': { ...service, ...tags({ 'server.address': 'inventory' }) },
  };
}

async function readLarge(store: StoreProcess): Promise<Record<string, number>> {
  const { body, traceId } = largeTrace(LARGE_TRACE_SPANS, startMs, random);
  await post(store, body);
  const results: Record<string, number> = {};
  for (const api of ['/api/traces/', '/api/v3/traces/']) {
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      const beganMs = performance.now();
      await get(store.http + api + traceId);
      times.push(performance.now() - beganMs);
    }
    results[`${LARGE_TRACE_SPANS} spans from ${api}, median ms`] = percentile(times, 0.5);
  }
  return results;
}

try {
  await main();
} finally {
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}
