import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { familyOf } from '../processes.ts';

/** As the local engine starts it. */
const FLAGS = ['--max-semi-space-size=4', '--max-old-space-size=512', '--heap-growing-percent=30'];
const ALLOCATOR = { MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' };
const PROGRAMS = {
  /** The store and nobody who listens to its spans: what it alone costs. */
  alone: join(import.meta.dirname, 'process.ts'),
  /** With the analysis of who broke first, as it runs. */
  whole: join(import.meta.dirname, '../../observability/store/src/main.ts'),
};

/** Connections that are used again; destroy it when all is done. */
export const agent = new Agent({ keepAlive: true });

/** A trace store that runs in a process of its own. */
export type StoreProcess = {
  readonly process: ChildProcess;
  readonly http: string;
  readonly otlp: string;
  readonly admin: string;
  /** From spawn to serving. */
  readonly startMs: number;
  /** Spans from an earlier run; resolves when all are there. */
  readonly restored: Promise<number>;
};

/** Starts a store on free ports; `maxBytes` 0 leaves it its default budget. */
export async function startStoreProcess(options: {
  program: keyof typeof PROGRAMS;
  dir: string;
  cacheDir: string;
  maxBytes: number;
}): Promise<StoreProcess> {
  const { program, dir, cacheDir, maxBytes } = options;
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...FLAGS, PROGRAMS[program]], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...ALLOCATOR,
      NODE_COMPILE_CACHE: cacheDir,
      STORE_LISTEN_QUERY: '127.0.0.1:0',
      STORE_LISTEN_OTLP: '127.0.0.1:0',
      LISTEN_ADMIN: '127.0.0.1:0',
      STORE_DIR: dir,
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
  return { process: child, http, otlp, admin, restored, startMs: performance.now() - startedMs };
}

/** Asks it to stop and waits until it has. */
export async function stopStoreProcess({ process: child }: StoreProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Sends an encoded request; answers with the status. */
export async function post({ otlp }: StoreProcess, body: Buffer): Promise<number> {
  const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
  const sending = request(`${otlp}/v1/traces`, { method: 'POST', agent, headers });
  sending.end(body);
  const [answer] = await once(sending, 'response');
  const reply = await buffer(answer);
  if (answer.statusCode === 200 && reply.length > 0) throw new Error(`refused: ${String(reply)}`);
  return answer.statusCode;
}

/** Reads an answer to its end. */
export async function get(url: string): Promise<Buffer> {
  const asking = request(url, { agent });
  asking.end();
  const [answer] = await once(asking, 'response');
  const body = await buffer(answer);
  if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode} ${body.toString()}`);
  return body;
}

/** One value of what the store says of itself; NaN when it does not say. */
export async function metric({ admin }: StoreProcess, name: string): Promise<number> {
  const text = (await get(`${admin}/metrics`)).toString();
  const escaped = name.replaceAll(/[{}"]/g, String.raw`\$&`);
  return Number(new RegExp(`^${escaped} (\\S+)$`, 'm').exec(text)?.[1]);
}

/** Its memory, of the kind that {@link memoryKind} says. */
export function memoryMb({ process: { pid = 0 } }: StoreProcess): number {
  return familyOf(pid).reduce((sum, { kB }) => sum + kB, 0) / 1_024;
}

/** The value that so large a share of all does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
