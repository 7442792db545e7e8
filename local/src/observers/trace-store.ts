import { fileURLToPath } from 'node:url';
import type { Clock } from '@faultline/chassis/clock';
import { checkHttp } from '../pods/health.ts';
import { describeExit, spawnChild, stopChild } from '../process/child.ts';
import type { ProcessGuard } from '../process/guard.ts';
import { eachLine } from '../process/lines.ts';
import type { StoreServer } from '../stores/store.ts';

const program = fileURLToPath(import.meta.resolve('@faultline/store/main'));
/** A heap that may grow by a third between collections, where Node lets it double and more. */
const flags = ['--max-semi-space-size=4', '--max-old-space-size=512', '--heap-growing-percent=30'];
/** Otherwise glibc keeps what blocks and requests have freed. */
const allocator = { MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' };
const host = '127.0.0.1';
const startTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;

export type TraceStorePorts = { query: number; otlp: number; admin: number; console: number };

export type TraceStoreOptions = {
  /** Where spans outlast a restart. */
  dir: string;
  ports: TraceStorePorts;
  /** The list of targets that Prometheus reads. */
  targetsFile: string;
  /** What those show who tell of changes. */
  token: string;
  /** More of its environment. */
  env: Readonly<Record<string, string>>;
  log(line: string): void;
  guard: ProcessGuard;
  clock: Clock;
};

/** Starts the trace store; answers once it takes spans. */
export async function startTraceStore(options: TraceStoreOptions): Promise<StoreServer> {
  const { dir, ports, clock, guard } = options;
  const child = await spawnChild({
    command: process.execPath,
    args: [...flags, program],
    env: {
      ...allocator,
      ...options.env,
      STORE_DIR: dir,
      STORE_LISTEN_QUERY: `${host}:${ports.query}`,
      STORE_LISTEN_OTLP: `${host}:${ports.otlp}`,
      LISTEN_ADMIN: `${host}:${ports.admin}`,
      CONSOLE_PORT: String(ports.console),
      WATCH_TARGETS_FILE: options.targetsFile,
      WATCH_TOKEN: options.token,
    },
    guard,
    onOutput: (_, source) => eachLine(source, options.log),
  });
  let ended: string | undefined;
  void child.exited.then((exit) => (ended = describeExit(exit)));
  const deadline = clock.monotonic() + startTimeoutMs;
  const ready = { path: '/readyz', timeoutMs: 1_000 };
  while ((await checkHttp({ host, port: ports.admin }, ready)) !== 'success') {
    if (ended !== undefined) throw new Error(`start the trace store: it ended with ${ended}`);
    if (clock.monotonic() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`start the trace store: not ready in ${startTimeoutMs} ms`);
    }
    await clock.sleep(30);
  }
  return {
    url: `http://${host}:${ports.query}`,
    port: ports.query,
    pid: child.pid,
    exited: child.exited,
    kill: () => void child.kill('SIGKILL'),
    stop: async () => void (await stopChild(child, { graceMs: stopTimeoutMs, clock })),
  };
}
