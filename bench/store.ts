import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { familyOf, memoryKind } from './processes.ts';
import { type Batch, batches, largeTrace, seeded } from './store/traffic.ts';

// Measures the trace store as a process: how fast it takes spans, how long searches and large traces
// take, what it needs of memory, and how soon it is there. `node bench/store.ts [--json]`.

const MAIN = join(import.meta.dirname, 'store/process.ts');
/** As the local engine starts it. */
const FLAGS = ['--max-semi-space-size=4'];
const MB = 1_024 * 1_024;
const TRACES = 50_000;
const TRACES_AT_ONCE = 2_500;
const TRACES_PER_REQUEST = 100;
const SENDERS = 4;
const SEARCH_ROUNDS = 15;
const LARGE_TRACE_SPANS = 10_000;

type Store = {
  process: ChildProcess;
  http: string;
  otlp: string;
  admin: string;
  startMs: number;
  /** Spans from an earlier run. */
  restored: Promise<number>;
};
type Sent = { spans: number; seconds: number; requestsMs: number[] };

const folder = mkdtempSync(join(tmpdir(), 'bench-store-'));
const agent = new Agent({ keepAlive: true });
const random = seeded(1);
const startMs = Date.now() - 3_600_000;

async function main(): Promise<void> {
  const results = { ...(await measureLarge()), ...(await measureDefault()) };
  if (process.argv.includes('--json')) console.log(JSON.stringify(results));
  else {
    for (const [name, value] of Object.entries(results)) {
      console.log(`${name.padEnd(52)} ${value.toFixed(2).padStart(12)}`);
    }
  }
}

/** With room for all traces: rates, searches, a large trace. */
async function measureLarge(): Promise<Record<string, number>> {
  await stop(await start('warm', 0));
  const store = await start('large', 256 * MB);
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
    await stop(store);
  }
}

/** With the default budget, filled several times over: memory, and a start with what was left. */
async function measureDefault(): Promise<Record<string, number>> {
  const store = await start('default', 0);
  try {
    const idle = pssMb(store);
    await fill(store, TRACES);
    const full = pssMb(store);
    const traces = await metric(store, 'faultline_store_traces');
    const bytes = await metric(store, 'faultline_store_bytes');
    await stop(store);
    const againMs = performance.now();
    const again = await start('default', 0);
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
    await stop(again);
    return result;
  } finally {
    store.process.kill('SIGKILL');
  }
}

async function start(name: string, maxBytes: number): Promise<Store> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...FLAGS, MAIN], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      NODE_COMPILE_CACHE: join(folder, 'cache'),
      STORE_LISTEN_QUERY: '127.0.0.1:0',
      STORE_LISTEN_OTLP: '127.0.0.1:0',
      LISTEN_ADMIN: '127.0.0.1:0',
      STORE_DIR: join(folder, name),
      ...(maxBytes === 0 ? {} : { STORE_MAX_BYTES: String(maxBytes) }),
    },
  });
  const lines = createInterface({ input: child.stdout });
  const logged = async (msg: string) => {
    for (;;) {
      const [line] = await once(lines, 'line');
      const entry = JSON.parse(line);
      if (entry.msg === msg) return entry;
    }
  };
  const restored = logged('restored').then(({ spans }) => Number(spans));
  const { http, otlp, admin } = await logged('started');
  const readyMs = performance.now() - startedMs;
  return { process: child, http, otlp, admin, restored, startMs: readyMs };
}

async function stop({ process: child }: Store): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Sends so many traces; making them is not part of the time. */
async function fill(store: Store, traces: number): Promise<Sent> {
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

async function sendAll(store: Store, waiting: Batch[], sent: Sent): Promise<void> {
  for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
    const beganMs = performance.now();
    await post(store, batch.body);
    sent.requestsMs.push(performance.now() - beganMs);
    sent.spans += batch.spans;
  }
}

async function post({ otlp }: Store, body: Buffer): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
  const sending = request(`${otlp}/v1/traces`, { method: 'POST', agent, headers });
  sending.end(body);
  const [answer] = await once(sending, 'response');
  const reply = await buffer(answer);
  if (answer.statusCode !== 200 || reply.length > 0) {
    throw new Error(`spans were refused: ${answer.statusCode} ${reply.toString()}`);
  }
}

async function get(url: string): Promise<Buffer> {
  const asking = request(url, { agent });
  asking.end();
  const [answer] = await once(asking, 'response');
  const body = await buffer(answer);
  if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode} ${body.toString()}`);
  return body;
}

async function search(store: Store): Promise<Record<string, number>> {
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

async function readLarge(store: Store): Promise<Record<string, number>> {
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

async function metric({ admin }: Store, name: string): Promise<number> {
  const text = (await get(`${admin}/metrics`)).toString();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

function pssMb({ process: { pid = 0 } }: Store): number {
  return familyOf(pid).reduce((sum, { kB }) => sum + kB, 0) / 1_024;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

try {
  await main();
} finally {
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}
