import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { systemClock, type Clock } from '@faultline/chassis/clock';
import { searchPath } from '../config.ts';
import { freePort } from '../net/free-port.ts';
import { describeExit, spawnChild, stopChild, type Child, type Exit } from '../process/child.ts';
import { ProcessGuard } from '../process/guard.ts';
import { eachLine } from '../process/lines.ts';

export type RedisOptions = {
  /** State directory; created when missing, and reused with its data when not. */
  dir: string;
  log?: (line: string) => void;
  /** Default: a free one. */
  port?: number;
  /** Default: one of its own, so that the server never outlives this process. */
  guard?: ProcessGuard;
  clock?: Clock;
};

export type Redis = {
  url: string;
  port: number;
  pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  exited: Promise<Exit>;
  /** Kills the server without a shutdown. */
  kill(): void;
  stop(): Promise<void>;
};

const startTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;

/** Starts a Redis server on loopback; answers once it serves commands. */
export async function startRedis(options: RedisOptions): Promise<Redis> {
  const clock = options.clock ?? systemClock;
  const ownGuard = options.guard === undefined ? new ProcessGuard() : undefined;
  const guard = options.guard ?? ownGuard ?? new ProcessGuard();
  try {
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    const password = await ensurePassword(options.dir);
    const port = options.port ?? (await freePort());
    const output: string[] = [];
    const child = await spawnChild({
      command: findRedisServer(),
      args: ['-'],
      env: { LC_ALL: 'C' },
      cwd: options.dir,
      guard,
      // By standard input, as every user could read a password among the arguments.
      input: configuration({ dir: options.dir, port, password }),
      onOutput: (_, source) =>
        eachLine(source, (line) => {
          options.log?.(line);
          if (output.length < 100) output.push(line);
        }),
    });
    await untilServing(child, { port, password, clock, output });
    return {
      url: `redis://:${password}@127.0.0.1:${port}`,
      port,
      pid: child.pid,
      exited: child.exited,
      kill: () => void child.kill('SIGKILL'),
      async stop() {
        await stopChild(child, { graceMs: stopTimeoutMs, clock });
        ownGuard?.close();
      },
    };
  } catch (error) {
    ownGuard?.close();
    throw error;
  }
}

function findRedisServer(): string {
  const found = searchPath()
    .split(delimiter)
    .map((folder) => join(folder, 'redis-server'))
    .find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    'find redis-server: it is not on PATH; install it (apt-get install redis-server, or brew ' +
      'install redis), or set REDIS_URL to a running one',
  );
}

async function ensurePassword(dir: string): Promise<string> {
  const file = join(dir, 'password');
  if (!existsSync(file)) {
    await writeFile(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  }
  return (await readFile(file, 'utf8')).trim();
}

function configuration(o: { dir: string; port: number; password: string }): string {
  return [
    'bind 127.0.0.1',
    `port ${o.port}`,
    `requirepass ${o.password}`,
    `dir ${JSON.stringify(o.dir)}`,
    'daemonize no',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
}

async function untilServing(
  child: Child,
  o: { port: number; password: string; clock: Clock; output: string[] },
): Promise<void> {
  let ended: Exit | undefined;
  void child.exited.then((exit) => (ended = exit));
  const deadline = o.clock.monotonic() + startTimeoutMs;
  while (!(await answersPing(o.port, o.password))) {
    const report = o.output.slice(-10).join('\n');
    if (ended !== undefined) {
      throw new Error(
        `start Redis on port ${o.port}: ended with ${describeExit(ended)}\n${report}`,
      );
    }
    if (o.clock.monotonic() > deadline) {
      child.kill('SIGKILL');
      throw new Error(
        `start Redis on port ${o.port}: no answer in ${startTimeoutMs} ms\n${report}`,
      );
    }
    await o.clock.sleep(20);
  }
}

/** Whether the server answers commands; while it loads its data it answers with an error. */
function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    let reply = '';
    const socket = connect({ host: '127.0.0.1', port, timeout: 1000 });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (chunk: Buffer) => {
      reply += chunk.toString('latin1');
      if (reply.startsWith('+OK\r\n+PONG')) finish(true);
      else if (reply.includes('-')) finish(false);
    });
    socket.on('timeout', () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('end', () => finish(false));
  });
}
