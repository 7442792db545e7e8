import { createHmac } from 'node:crypto';
import { platform } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '@faultline/chassis/clock';
import { freePort } from '../net/free-port.ts';
import { spawnChild, stopChild, type Child } from '../process/child.ts';
import { ProcessGuard } from '../process/guard.ts';
import { eachLine } from '../process/lines.ts';
import { chooseCluster, type ClusterOptions } from './postgres-cluster.ts';
import { preparePostgresHome, removeAbandoned, type PostgresHome } from './postgres-home.ts';
import { endStaleServer } from './postgres-stale.ts';
import { closeToOthers, createDatabase, roleUrl } from './postgres-sql.ts';

export type PostgresOptions = {
  /** State directory; created when missing, and reused with its data when not. */
  dir: string;
  log?: (line: string) => void;
  /** Default: a free one. */
  port?: number;
  /** Default: one of its own, so that the server never outlives this process. */
  guard?: ProcessGuard;
  clock?: Clock;
  template?: ClusterOptions['template'];
  /** Called as soon as the URLs of databases' roles are known, before the server serves. */
  onUrls?(urlOf: (database: string) => string): void;
};

export type Postgres = {
  /** Superuser's URL of the database `postgres`. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  exited: Child['exited'];
  /** Creates database and owner role of that name if missing; answers the URL of that role. */
  createDatabase(name: string): Promise<string>;
  /** Kills the server without a shutdown, as a power failure would. */
  kill(): void;
  stop(): Promise<void>;
};

const startTimeoutMs = 60_000;
const stopTimeoutMs = 15_000;

// Sized for a laptop. Writes stay as durable as in production: crash tests depend on it.
const settings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'shared_buffers=32MB',
  'max_connections=200',
  'jit=off',
  'max_parallel_workers_per_gather=0',
  'max_logical_replication_workers=0',
  'io_method=sync',
  'wal_level=minimal',
  'max_wal_senders=0',
  'min_wal_size=32MB',
  'max_wal_size=256MB',
  'huge_pages=off',
  // After a crash the data folder is synced as a whole, not file by file (there are thousands).
  ...(platform() === 'linux' ? ['recovery_init_sync_method=syncfs'] : []),
  'logging_collector=off',
  'timezone=UTC',
  'log_timezone=UTC',
  // A violated constraint's DETAIL quotes the row, which may hold what no log should.
  'log_error_verbosity=terse',
  'log_min_error_statement=panic',
];

/** Starts a PostgreSQL server on loopback; answers once it takes connections. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const clock = options.clock ?? systemClock;
  const ownGuard = options.guard === undefined ? new ProcessGuard() : undefined;
  const guard = options.guard ?? ownGuard ?? new ProcessGuard();
  const server = { ...options, clock, guard, port: options.port ?? (await freePort()) };
  try {
    const home = await preparePostgresHome(options.dir);
    const cluster = await chooseCluster(server);
    const { password } = cluster;
    const url = `postgresql://postgres:${password}@127.0.0.1:${server.port}/postgres`;
    const roleOf = (name: string) => ({ name, password: derive(password, name) });
    options.onUrls?.((name) => roleUrl(url, roleOf(name)));
    await cluster.create?.(home);
    await endStaleServer(home.dataDir, clock);
    const child = await startServer(home, server);
    await closeToOthers(url);
    // Not waited for: others' old data must not delay this start. Failing, it is tried next time.
    const cleaning = removeAbandoned().catch(() => undefined);
    return {
      url,
      port: server.port,
      pid: child.pid,
      exited: child.exited,
      createDatabase: (name) => createDatabase(url, roleOf(name)),
      kill: () => void child.kill('SIGKILL'),
      async stop() {
        await stopChild(child, { signal: 'SIGINT', graceMs: stopTimeoutMs, clock });
        await cleaning;
        ownGuard?.close();
      },
    };
  } catch (error) {
    ownGuard?.close();
    throw error;
  }
}

type Server = { guard: ProcessGuard; clock: Clock; port: number; log?: (line: string) => void };

// Role passwords need no storage of their own: they follow from the superuser's.
function derive(password: string, role: string): string {
  return createHmac('sha256', password).update(role).digest('base64url');
}

async function startServer(home: PostgresHome, server: Server): Promise<Child> {
  const deadline = server.clock.monotonic() + startTimeoutMs;
  for (;;) {
    const output: string[] = [];
    const child = await runServer(home, server, output);
    if (child !== undefined) return child;
    const report = output.slice(-10).join('\n');
    // Processes of a server that was killed hold its shared memory for some milliseconds.
    const held = report.includes('shared memory block') && server.clock.monotonic() < deadline;
    if (!held) throw new Error(`start PostgreSQL on port ${server.port}: it ended\n${report}`);
    await server.clock.sleep(100);
  }
}

/** One attempt: the server once it takes connections, `undefined` when it ended instead. */
async function runServer(home: PostgresHome, server: Server, output: string[]) {
  const isReady = Promise.withResolvers<true>();
  const child = await spawnChild({
    command: join(home.binDir, 'postgres'),
    args: ['-D', home.dataDir, ...[...settings, `port=${server.port}`].flatMap((s) => ['-c', s])],
    env: { LC_ALL: 'C', TZ: 'UTC' },
    cwd: home.dataDir,
    guard: server.guard,
    stopSignal: 'SIGINT',
    identity: home.identity,
    onOutput: (_, source) =>
      eachLine(source, (line) => {
        server.log?.(line);
        if (output.length < 100) output.push(line);
        if (line.includes('ready to accept connections')) isReady.resolve(true);
      }),
  });
  const timeUp = new AbortController();
  const slow = server.clock.sleep(startTimeoutMs, timeUp.signal).then(() => 'slow' as const);
  const outcome = await Promise.race([isReady.promise, child.exited, slow]);
  timeUp.abort();
  if (outcome === true) return child;
  if (outcome === 'slow') child.kill('SIGKILL');
  return undefined;
}
