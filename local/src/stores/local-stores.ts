import { join } from 'node:path';
import type { Clock } from '@faultline/chassis/clock';
import type { Environment } from '../config.ts';
import type { Manifests } from '../manifests/model.ts';
import { LogWriter } from '../logs/writer.ts';
import type { ProcessGuard } from '../process/guard.ts';
import { startPostgres, type Postgres } from './postgres.ts';
import { startRedis, type Redis } from './redis.ts';
import type { StorePorts } from '../mesh/store-targets.ts';
import { neededStores, type Secrets } from './secrets.ts';
import { Store } from './store.ts';

export type StoresOptions = {
  manifests: Manifests;
  env: Environment;
  dataDir: string;
  logsDir: string;
  guard: ProcessGuard;
  clock: Clock;
  secrets: Secrets;
  /** Where those that run here are to listen. */
  ports: { postgres: number; redis: number };
  onChange(store: Store, reason?: string): void;
};

/** The stores that run on this machine: those that manifests ask for and no variable replaces. */
export class LocalStores {
  readonly #options: StoresOptions;
  readonly #postgres: Store<Postgres> | undefined;
  readonly #redis: Store<Redis> | undefined;
  readonly #databases: readonly string[];
  readonly #logs: LogWriter[] = [];

  constructor(options: StoresOptions) {
    this.#options = options;
    const needed = neededStores(options.manifests, options.env);
    this.#databases = needed.databases;
    const { clock, guard, onChange, ports } = options;
    const create = <S extends Postgres | Redis>(
      name: 'postgres' | 'redis',
      start: (o: { dir: string; guard: ProcessGuard; clock: Clock; port: number }) => Promise<S>,
    ) => {
      const log = this.#openLog(name);
      const settings = { dir: join(options.dataDir, name), guard, clock, log };
      const launch = (port: number) => start({ ...settings, port });
      return new Store<S>({ name, port: ports[name], clock, launch, onChange });
    };
    // Known before the server serves, so that pods start beside it: they wait for it themselves.
    const onUrls = (urlOf: (database: string) => string) => {
      for (const name of this.#databases) options.secrets.provide(`database/${name}`, urlOf(name));
    };
    if (this.#databases.length > 0) {
      const template = options.env['FAULTLINE_POSTGRES_TEMPLATE'];
      this.#postgres = create('postgres', (settings) =>
        startPostgres({ ...settings, onUrls, template }),
      );
    }
    if (needed.redis) this.#redis = create('redis', startRedis);
  }

  get all(): readonly Store[] {
    return [this.#postgres, this.#redis].filter((store) => store !== undefined);
  }

  /** Where each listens once it runs. */
  get ports(): StorePorts {
    return Object.fromEntries(this.all.map(({ name, port }) => [name, port]));
  }

  /** Starts all. */
  async start(): Promise<void> {
    await Promise.all([this.#startPostgres(), this.#startRedis()]);
  }

  async #startPostgres(): Promise<void> {
    if (this.#postgres === undefined) return;
    const server = await this.#postgres.start();
    // All at once: each waits for the disk, and together they wait once.
    await Promise.all(this.#databases.map((name) => server.createDatabase(name)));
  }

  async #startRedis(): Promise<void> {
    if (this.#redis === undefined) return;
    this.#options.secrets.provide('redis', (await this.#redis.start()).url);
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((store) => store.stop()));
    await Promise.all(this.#logs.map((log) => log.close()));
  }

  #openLog(name: string): (line: string) => void {
    const log = new LogWriter(join(this.#options.logsDir, name, `${name}.log`));
    this.#logs.push(log);
    return (line) => void log.write(`${line}\n`);
  }
}
