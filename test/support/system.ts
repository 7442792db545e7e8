import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connectBlockingRedis } from '@faultline/chassis/redis';
import { eventually } from '@faultline/chassis/testing/eventually';
import { silentLog } from '@faultline/chassis/testing/log';
import type { Redis } from 'ioredis';
import { startEngine } from '../../local/src/engine.ts';
import type { Engine, EngineEvent } from '../../local/src/engine-types.ts';
import { type OtlpSink, startOtlpSink } from '../../observability/telemetry/test/otlp-sink.ts';
import { Databases } from './databases.ts';

/** The checkout. */
export const root: string = resolve(import.meta.dirname, '../..');

export type SystemOptions = {
  /**
   * With trace store, console, and Prometheus, by which rollouts are judged; but not by how long
   * replies take here. Else spans go to the {@link System.sink}.
   */
  observed?: boolean;
};

type Listener = (event: EngineEvent) => void;

/** The real thing: the local engine with all services and stores, on free ports, in a folder of its own. */
export class System implements AsyncDisposable {
  readonly engine: Engine;
  /** Where the gateway answers. */
  readonly url: string;
  readonly databases: Databases;
  readonly redis: Redis;
  readonly sink: OtlpSink;
  /** What the engine has reported so far. */
  readonly events: readonly EngineEvent[];
  readonly #listeners: Set<Listener>;
  readonly #dir: string;

  private constructor(parts: {
    engine: Engine;
    events: readonly EngineEvent[];
    listeners: Set<Listener>;
    sink: OtlpSink;
    dir: string;
  }) {
    const { engine } = parts;
    const { postgres = '', redis = '' } = engine.storeUrls();
    this.engine = engine;
    this.events = parts.events;
    this.#listeners = parts.listeners;
    this.sink = parts.sink;
    this.#dir = parts.dir;
    this.url = new URL(engine.links['Shop'] ?? '').origin.replace('localhost', '127.0.0.1');
    this.databases = new Databases(postgres);
    this.redis = connectBlockingRedis({ url: redis, log: silentLog });
  }

  static async start(options: SystemOptions = {}): Promise<System> {
    // The spaces stand for all the paths that people have.
    const dir = await mkdtemp(join(tmpdir(), 'a whole system '));
    const sink = await startOtlpSink();
    const events: EngineEvent[] = [];
    const listeners = new Set<Listener>();
    const engine = await startEngine({
      root,
      dataDir: join(dir, 'state'),
      ports: 'auto',
      observed: options.observed ?? false,
      rollouts: { unjudged: ['latency-p99'] },
      env: {
        ...ownEnvironment(),
        ...(options.observed !== true && { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url }),
      },
      // Nothing secret is told, not even to those who look closely.
      set: ['shop-settings.SEED=demo', 'shop-settings.LOG_LEVEL=debug'],
      onEvent: (event) => {
        events.push(event);
        for (const listener of listeners) listener(event);
      },
    });
    return new System({ engine, events, listeners, sink, dir });
  }

  /** Calls `listener` at each event from now on, before the engine goes on; until the answer is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** How often each instance and store has been started again, by name. */
  restarts(): Record<string, number> {
    const { services, stores } = this.engine.status();
    const all = [...services.flatMap(({ instances }) => instances), ...stores];
    return Object.fromEntries(all.map(({ name, restarts }) => [name, restarts]));
  }

  async untilReady(timeoutMs = 30_000): Promise<void> {
    await eventually(() => {
      const { services, stores } = this.engine.status();
      const away = [
        ...services.filter(({ instances, replicas }) => {
          return instances.filter(({ ready }) => ready).length < replicas;
        }),
        ...stores.filter(({ ready }) => !ready),
      ];
      if (away.length > 0) throw new Error(`not ready: ${away.map(({ name }) => name).join(', ')}`);
    }, timeoutMs);
  }

  /** All that the processes have written so far, by file. */
  async logs(): Promise<Map<string, string>> {
    const dir = join(this.engine.dataDir, 'logs');
    const names = await readdir(dir, { recursive: true });
    const files = names.filter((name) => /\.log(\.\d)?$/.test(name));
    const texts = await Promise.all(files.map((name) => readFile(join(dir, name), 'utf8')));
    return new Map(files.map((name, index) => [name, texts[index] ?? '']));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.redis.disconnect();
    await this.databases[Symbol.asyncDispose]();
    await this.engine.stop();
    await this.sink[Symbol.asyncDispose]();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

type Present = { isObserved: boolean; system: Promise<System> };

/** There is one at a time: what nobody looks at takes its time from those that somebody does. */
let present: Present | undefined;

/** The system that all test files share which leave it as they found it: whole and at rest. */
export function sharedSystem(): Promise<System> {
  return takeOver({ isObserved: false });
}

/** Such a system with all that watches it. */
export function watchedSystem(): Promise<System> {
  return takeOver({ isObserved: true });
}

function takeOver({ isObserved }: { isObserved: boolean }): Promise<System> {
  const before = present;
  if (before?.isObserved === isObserved) return before.system;
  const system = stop(before).then(() => System.start({ observed: isObserved }));
  present = { isObserved, system };
  return system;
}

async function stop(one: Present | undefined): Promise<void> {
  const system = await one?.system.catch(() => undefined);
  await system?.[Symbol.asyncDispose]();
}

after('stop the shared system', async function () {
  this.timeout(60_000);
  await stop(present);
});

/** Without what a developer's shell may set for the stores, telemetry or proxies. */
function ownEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'FAULTLINE_POSTGRES_TEMPLATE'];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
