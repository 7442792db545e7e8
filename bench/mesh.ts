import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { proxyProgram } from '@faultline/mesh-proxy/program';
import { TestControlPlane } from '../mesh/proxy/test/support/control-plane.ts';
import { ask } from '../mesh/proxy/test/support/http.ts';
import { endpoint, service, snapshot } from '../mesh/proxy/test/support/snapshots.ts';
import type { LoadOrder, LoadResult } from './mesh/load.ts';

// Measures a pair of sidecars: load generator → outbound → (mTLS) → inbound → app, five processes.
// `node bench/mesh.ts [--json] [--soak MINUTES]`: the last sends 500 requests a second over 100
// connections for that long, and weighs both proxies every minute.

const PROXY = proxyProgram();
const SECONDS = 5;
const FLAGS = ['--max-semi-space-size=1', '--max-old-space-size=64'];
const folder = mkdtempSync(join(tmpdir(), 'bench-mesh-'));
const socketOf = (name: string): string => join(folder, `${name}.sock`);
const children: ChildProcess[] = [];
const through = { target: { path: socketOf('client-out') }, head: head('http://b/') };
const soakAt = process.argv.indexOf('--soak');
const soakMinutes = soakAt < 0 ? 0 : Number(process.argv[soakAt + 1]);

async function main(): Promise<void> {
  const plane = await TestControlPlane.start();
  try {
    const app = child(fork(join(import.meta.dirname, 'mesh/app.ts'), [socketOf('app')]));
    await once(app, 'message');
    const pair = await startPair(plane);
    print(soakMinutes > 0 ? await soak(pair, soakMinutes) : await measure(pair));
  } finally {
    for (const process of children) process.kill('SIGKILL');
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Started = { process: ChildProcess; readyMs: number };
type Pair = { server: Started; client: Started; load: ChildProcess };

async function startPair(plane: TestControlPlane): Promise<Pair> {
  const identity = 'server.a.serviceaccount.identity.linkerd.cluster.local';
  plane.set('server', snapshot());
  plane.set(
    'client',
    snapshot({
      services: [service()],
      endpoints: { 'a/b:80': [endpoint({ path: socketOf('inbound') }, identity)] },
    }),
  );
  // Twice: the first start fills the compile cache.
  const warm = await startProxy(plane, 'server');
  warm.process.kill('SIGTERM');
  await once(warm.process, 'exit');
  const server = await startProxy(plane, 'server');
  const client = await startProxy(plane, 'client');
  return { server, client, load: child(fork(join(import.meta.dirname, 'mesh/load.ts'))) };
}

async function soak({ server, client, load }: Pair, minutes: number) {
  const results: Record<string, number> = {};
  const order = { ...through, connections: 100, rate: 500, seconds: 60 };
  for (let minute = 1; minute <= minutes; minute += 1) {
    const { errors } = await run(load, order);
    const of = `in minute ${minute}`;
    results[`outbound PSS MB ${of}`] = pssMb(client.process.pid);
    results[`inbound PSS MB ${of}`] = pssMb(server.process.pid);
    results[`errors ${of}`] = errors;
  }
  return results;
}

async function measure({ server, client, load }: Pair): Promise<Record<string, number>> {
  const direct = { target: { path: socketOf('app') }, head: head('/') };
  await run(load, { ...through, connections: 16, seconds: 2 });
  const cpuBefore = await cpuSeconds();
  const full = await run(load, { ...through, connections: 16, seconds: SECONDS });
  const cpuAfter = await cpuSeconds();
  const slow = await run(load, { ...through, connections: 4, seconds: SECONDS, rate: 200 });
  const bare = await run(load, { ...direct, connections: 4, seconds: SECONDS, rate: 200 });
  await run(load, { ...through, connections: 100, seconds: 2 });
  return {
    'requests per second, 16 connections': full.perSecond,
    'p50 ms, 16 connections': full.p50Ms,
    'p99 ms, 16 connections': full.p99Ms,
    'outbound CPU µs per request': ((cpuAfter[0] - cpuBefore[0]) * 1e6) / full.requests,
    'inbound CPU µs per request': ((cpuAfter[1] - cpuBefore[1]) * 1e6) / full.requests,
    errors: full.errors + slow.errors,
    'added p50 ms at 200 per second': slow.p50Ms - bare.p50Ms,
    'added p99 ms at 200 per second': slow.p99Ms - bare.p99Ms,
    'outbound PSS MB after 100 connections': pssMb(client.process.pid),
    'inbound PSS MB after 100 connections': pssMb(server.process.pid),
    'ready ms after spawn': Math.max(server.readyMs, client.readyMs),
  };
}

function head(target: string): string {
  return `GET ${target} HTTP/1.1\r\nhost: b\r\nuser-agent: bench\r\naccept: */*\r\n\r\n`;
}

async function startProxy(plane: TestControlPlane, name: 'client' | 'server'): Promise<Started> {
  const startMs = performance.now();
  const started = spawn(process.execPath, [...FLAGS, PROXY], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      NODE_COMPILE_CACHE: join(tmpdir(), 'bench-mesh-cache'),
      MALLOC_ARENA_MAX: '1',
      MALLOC_TRIM_THRESHOLD_: '131072',
      MALLOC_MMAP_THRESHOLD_: '131072',
      PROXY_INSTANCE: name,
      PROXY_NAMESPACE: 'a',
      PROXY_SERVICE_ACCOUNT: name,
      PROXY_TOKEN: 'token',
      PROXY_CONTROL_SOCKET: plane.path,
      PROXY_OUTBOUND_LISTEN: socketOf(`${name}-out`),
      PROXY_ADMIN_LISTEN: socketOf(`${name}-admin`),
      PROXY_INBOUND_PORTS:
        name === 'server' ? `8080=${socketOf('inbound')}>${socketOf('app')}` : '',
    },
  });
  child(started);
  const applied = plane.received.length;
  await until(() => plane.received.slice(applied).some(({ type }) => type === 'applied'));
  return { process: started, readyMs: performance.now() - startMs };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function run(load: ChildProcess, order: LoadOrder): Promise<LoadResult> {
  load.send(order);
  const [result] = await once(load, 'message');
  return result;
}

function child<T extends ChildProcess>(process: T): T {
  children.push(process);
  return process;
}

/** CPU time of both proxies so far: it tells the same on a busy machine. */
async function cpuSeconds(): Promise<[outbound: number, inbound: number]> {
  const of = async (name: string): Promise<number> => {
    const { body } = await ask({ path: socketOf(`${name}-admin`) }, '/metrics');
    return Number(/^process_cpu_seconds_total (\S+)$/m.exec(body)?.[1]);
  };
  return [await of('client'), await of('server')];
}

function pssMb(pid: number | undefined): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1_024;
}

function print(results: Record<string, number>): void {
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(results));
    return;
  }
  for (const [name, value] of Object.entries(results)) {
    console.log(`${name.padEnd(40)} ${value.toFixed(2).padStart(10)}`);
  }
}

await main();
