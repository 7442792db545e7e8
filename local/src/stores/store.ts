import type { Clock } from '@faultline/chassis/clock';
import { afterExit, type BackoffState } from '../pods/backoff.ts';
import { describeExit, type Exit } from '../process/child.ts';

/** A running store's server. */
export type StoreServer = {
  url: string;
  port: number;
  pid: number;
  exited: Promise<Exit>;
  kill(): void;
  stop(): Promise<void>;
};

/** What the engine runs besides pods. */
export type StoreName = 'postgres' | 'redis' | 'traces' | 'prometheus';

export type StoreOptions<S extends StoreServer> = {
  name: StoreName;
  port: number;
  clock: Clock;
  /** Starts the server on that port. */
  launch(port: number): Promise<S>;
  onChange(store: Store<S>, reason?: string): void;
};

/** A store under supervision: when its server ends it is started again, same port, same data. */
export class Store<S extends StoreServer = StoreServer> {
  readonly name: StoreName;
  readonly port: number;
  restarts = 0;
  readonly #options: StoreOptions<S>;
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #server: S | undefined;
  #launching: Promise<S> | undefined;
  #finished: Promise<void> | undefined;

  constructor(options: StoreOptions<S>) {
    this.name = options.name;
    this.#options = options;
    this.port = options.port;
  }

  get ready(): boolean {
    return this.#server !== undefined;
  }

  get server(): S | undefined {
    return this.#server;
  }

  /** Starts the server; rejects when the first start fails. */
  async start(): Promise<S> {
    this.#options.onChange(this);
    const server = await this.#launch();
    this.#finished = this.#supervise(server);
    return server;
  }

  /** Ends the server, by SIGKILL when `now`; answers when it serves again. */
  async restart({ now }: { now: boolean }): Promise<void> {
    const before = this.#server;
    if (before !== undefined) {
      if (now) before.kill();
      else void before.stop();
      await before.exited;
    }
    this.#wake.abort();
    const { clock } = this.#options;
    const deadline = clock.monotonic() + 60_000;
    while (this.#server === undefined || this.#server === before) {
      if (clock.monotonic() > deadline) throw new Error(`restart ${this.name}: not ready in 60 s`);
      await clock.sleep(20);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    // A server that is just being started is stopped once it is there; a failure ends it, too.
    await this.#launching?.catch(() => undefined);
    await this.#server?.stop();
    await this.#finished;
  }

  async #launch(): Promise<S> {
    this.#launching = this.#options.launch(this.port);
    const server = await this.#launching;
    this.#server = server;
    this.#options.onChange(this);
    return server;
  }

  async #supervise(first: S): Promise<void> {
    const { clock } = this.#options;
    let waits: BackoffState = { failures: 0 };
    let server: S | undefined = first;
    for (;;) {
      const startedMs = clock.monotonic();
      const reason = server ? describeExit(await server.exited) : 'it could not be started';
      this.#server = undefined;
      if (this.#stopping.signal.aborted) return;
      this.restarts += 1;
      this.#options.onChange(this, reason);
      const { state, delayMs } = afterExit(waits, clock.monotonic() - startedMs);
      waits = state;
      this.#wake = new AbortController();
      // The first failure is not waited for: everything stands still while a store is away.
      if (state.failures > 1) await clock.sleep(delayMs, this.#wake.signal);
      if (this.#stopping.signal.aborted) return;
      server = await this.#launch().catch((error: unknown) => {
        this.#options.onChange(this, String(error));
        return undefined;
      });
    }
  }
}
