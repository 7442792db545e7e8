import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemClock, type Clock } from '@faultline/chassis/clock';
import { z } from 'zod';
import { localPace, type Pace } from '../../../observability/prometheus/pace.ts';
import { renderRules } from '../../../observability/prometheus/rules.ts';
import { renderConfig } from '../../../observability/prometheus/scrape.ts';
import { freePort } from '../net/free-port.ts';
import { describeExit, spawnChild, stopChild, type Child, type Exit } from '../process/child.ts';
import { ProcessGuard } from '../process/guard.ts';
import { eachLine } from '../process/lines.ts';
import { findPrometheus, missingPrometheus } from './find.ts';
import { targetsPath } from './targets-file.ts';

export type PrometheusOptions = {
  /** State directory; created when missing, and reused with its data when not. */
  dir: string;
  log?: (line: string) => void;
  /** Default: a free one. */
  port?: number;
  /** Default: one of its own, so that the server never outlives this process. */
  guard?: ProcessGuard;
  clock?: Clock;
  pace?: Pace;
};

export type Prometheus = {
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

/**
 * Starts a Prometheus server on loopback, with the project's rules at the local pace; answers once
 * it serves queries. It scrapes what the targets file in `dir` says, and follows its changes.
 */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const clock = options.clock ?? systemClock;
  const binary = findPrometheus();
  if (binary === undefined) throw new Error(missingPrometheus);
  const ownGuard = options.guard === undefined ? new ProcessGuard() : undefined;
  try {
    const port = options.port ?? (await freePort());
    await writeConfiguration(options.dir, { port, pace: options.pace ?? localPace });
    const output: string[] = [];
    const child = await spawnChild({
      command: binary,
      args: flags(port),
      env: runtime,
      cwd: options.dir,
      guard: options.guard ?? ownGuard ?? new ProcessGuard(),
      onOutput: (_, source) =>
        eachLine(source, (line) => {
          options.log?.(line);
          output.push(line);
          if (output.length > 100) output.shift();
        }),
    });
    const url = `http://127.0.0.1:${port}`;
    await untilReady(child, { url, dir: options.dir, clock, output });
    return {
      url,
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

/** Little memory before speed: the garbage collector works twice as often, on one core. */
const runtime = { LC_ALL: 'C', GOGC: '30', GOMAXPROCS: '1', GOMEMLIMIT: '128MiB' };

function flags(port: number): string[] {
  return [
    '--config.file=prometheus.yaml',
    '--storage.tsdb.path=data',
    // Enough for the longest window of an alert; what is older is the trace store's to tell.
    '--storage.tsdb.retention.time=3h',
    '--storage.tsdb.retention.size=256MB',
    // Blocks of minutes instead of hours: what is not yet in a block is held in memory.
    '--storage.tsdb.min-block-duration=15m',
    '--storage.tsdb.max-block-duration=1h',
    // A new version’s first requests are to be seen; 5 s is what it waits otherwise.
    '--scrape.discovery-reload-interval=200ms',
    `--web.listen-address=127.0.0.1:${port}`,
    // Pages of other sites that a browser shows may not read it.
    '--web.cors.origin=https?://(localhost|127\\.0\\.0\\.1)(:[0-9]+)?',
    '--web.max-connections=64',
    '--query.max-concurrency=4',
    '--query.max-samples=5000000',
    '--query.timeout=20s',
    '--log.level=warn',
  ];
}

async function writeConfiguration(dir: string, o: { port: number; pace: Pace }): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const config = renderConfig({
    pace: o.pace,
    discovery: { kind: 'file', path: basename(targetsPath(dir)) },
    self: `127.0.0.1:${o.port}`,
  });
  const files = new Map([['prometheus.yaml', config], ...renderRules(o.pace)]);
  await Promise.all([...files].map(([name, text]) => writeFile(join(dir, name), text)));
}

async function untilReady(
  child: Child,
  o: { url: string; dir: string; clock: Clock; output: string[] },
): Promise<void> {
  let ended: Exit | undefined;
  void child.exited.then((exit) => (ended = exit));
  const deadline = o.clock.monotonic() + startTimeoutMs;
  while (!(await isReady(o))) {
    const report = o.output.slice(-10).join('\n');
    if (ended !== undefined) {
      throw new Error(`start Prometheus at ${o.url}: ended with ${describeExit(ended)}\n${report}`);
    }
    if (o.clock.monotonic() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`start Prometheus at ${o.url}: not ready in ${startTimeoutMs} ms\n${report}`);
    }
    await o.clock.sleep(20);
  }
}

/** Another server may have the port, and answer while ours is about to fail for that. */
async function isReady({ url, dir }: { url: string; dir: string }): Promise<boolean> {
  try {
    const reply = await fetch(`${url}/api/v1/status/runtimeinfo`, {
      signal: AbortSignal.timeout(1_000),
    });
    const { data } = runtimeInfo.parse(await reply.json());
    return data.CWD === (await realpath(dir));
  } catch {
    return false; // refused, or 503 while it loads its data
  }
}

const runtimeInfo = z.object({ data: z.object({ CWD: z.string() }) });
