import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestControlPlane } from '../mesh/proxy/test/support/control-plane.ts';
import { endpoint, service, snapshot } from '../mesh/proxy/test/support/snapshots.ts';
import type { LoadOrder, LoadResult } from './mesh/load.ts';

// Measures a pair of sidecars: load generator → outbound → (mTLS) → inbound → app, five processes.
// `node bench/mesh.ts [--json]`.

const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 5);
const FLAGS = ['--max-semi-space-size=2', '--max-old-space-size=64'];
const folder = mkdtempSync(join(tmpdir(), 'bench-mesh-'));
const socketOf = (name: string): string => join(folder, `${name}.sock`);
const children: ChildProcess[] = [];

async function main(): Promise<void> {
  const plane = await TestControlPlane.start();
  try {
    const app = child(fork(join(import.meta.dirname, 'mesh/app.ts'), [socketOf('app')]));
    await once(app, 'message');
    const results = await measure(plane);
    print(results);
  } finally {
    for (const process of children) process.kill('SIGKILL');
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(plane: TestControlPlane): Promise<Record<string, number>> {
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
  const load = child(fork(join(import.meta.dirname, 'mesh/load.ts')));
  const through = { target: { path: socketOf('client-out') }, head: head('http://b/') };
  const direct = { target: { path: socketOf('app') }, head: head('/') };
  await run(load, { ...through, connections: 16, seconds: 2 });
  const full = await run(load, { ...through, connections: 16, seconds: SECONDS });
  const slow = await run(load, { ...through, connections: 4, seconds: SECONDS, rate: 200 });
  const bare = await run(load, { ...direct, connections: 4, seconds: SECONDS, rate: 200 });
  await run(load, { ...through, connections: 100, seconds: 2 });
  return {
    'requests per second, 16 connections': full.perSecond,
    'p50 ms, 16 connections': full.p50Ms,
    'p99 ms, 16 connections': full.p99Ms,
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

async function startProxy(
  plane: TestControlPlane,
  name: 'client' | 'server',
): Promise<{ process: ChildProcess; readyMs: number }> {
  const startMs = performance.now();
  const main = join(import.meta.dirname, '../mesh/proxy/src/main.ts');
  const started = spawn(
    process.execPath,
    [...FLAGS, ...(process.env['BENCH_PROXY_FLAGS']?.split(' ') ?? []), main],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        NODE_COMPILE_CACHE: join(tmpdir(), 'bench-mesh-cache'),
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
    },
  );
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
