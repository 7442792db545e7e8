import type { Clock } from '@faultline/chassis/clock';
import type { LogWriter } from '../logs/writer.ts';
import { afterExit, type BackoffState } from '../pods/backoff.ts';
import { checkHttp } from '../pods/health.ts';
import type { LoopbackAddress } from '../pods/ports.ts';
import { describeExit, spawnChild, stopChild, type Child } from '../process/child.ts';
import type { ProcessGuard } from '../process/guard.ts';

// Requests leave little behind, and what a proxy holds is bounded.
const flags = ['--max-semi-space-size=1', '--max-old-space-size=64'];
const readyPeriodMs = 30;
const graceMs = 15_000;

export type SidecarOptions = {
  /** The proxy's script. */
  program: string;
  env: Record<string, string>;
  admin: LoopbackAddress;
  log: LogWriter;
  clock: Clock;
  guard: ProcessGuard;
  onChange(reason?: string): void;
};

/** One proxy process under supervision: when it ends it is started again at the same addresses. */
export class Sidecar {
  readonly #options: SidecarOptions;
  readonly #stopping = new AbortController();
  readonly #serving = Promise.withResolvers<void>();
  #child: Child | undefined;
  #ready = false;
  #finished: Promise<void> | undefined;

  constructor(options: SidecarOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Starts the process; resolves when it serves for the first time, or when it is given up. */
  async start(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#serving.resolve(), { once: true });
    this.#finished ??= this.#supervise();
    await this.#serving.promise;
  }

  /** Lets it finish what is under way, then ends it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#child) await stopChild(this.#child, { graceMs, clock: this.#options.clock });
    await this.#finished;
    await this.#options.log.close();
  }

  async #supervise(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    let waits: BackoffState = { failures: 0 };
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      const reason = await this.#runOnce();
      if (signal.aborted) return;
      this.#setReady(false, `sidecar: ${reason}`);
      const { state, delayMs } = afterExit(waits, clock.monotonic() - startedMs);
      waits = state;
      await clock.sleep(delayMs, signal);
    }
  }

  /** Runs the process until it ends; answers why it did. */
  async #runOnce(): Promise<string> {
    const { program, env, guard, log, clock } = this.#options;
    const child = await spawnChild({
      command: process.execPath,
      args: [...flags, program],
      env,
      guard,
      onOutput: (_, source) => log.follow(source),
    }).catch((error: unknown) => String(error));
    if (typeof child === 'string') return child;
    this.#child = child;
    if (this.#stopping.signal.aborted) void stopChild(child, { graceMs, clock });
    const ended = new AbortController();
    void this.#watchReady(AbortSignal.any([ended.signal, this.#stopping.signal]));
    const exit = await child.exited;
    ended.abort();
    this.#child = undefined;
    return describeExit(exit);
  }

  async #watchReady(signal: AbortSignal): Promise<void> {
    const { admin, clock } = this.#options;
    while (!signal.aborted) {
      if ((await checkHttp(admin, { path: '/ready', timeoutMs: 1_000 })) === 'success') {
        if (!signal.aborted) this.#setReady(true);
        return;
      }
      await clock.sleep(readyPeriodMs, signal);
    }
  }

  #setReady(ready: boolean, reason?: string): void {
    const changed = this.#ready !== ready;
    this.#ready = ready;
    if (ready) this.#serving.resolve();
    if (changed || reason !== undefined) this.#options.onChange(reason);
  }
}
