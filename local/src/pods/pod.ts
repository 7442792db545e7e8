import type { Clock } from '@faultline/chassis/clock';
import type { Deployment } from '../manifests/model.ts';
import type { Endpoints } from '../net/endpoints.ts';
import type { Sidecar, StartSidecar } from '../net/sidecar.ts';
import type { LogWriter } from '../logs/writer.ts';
import { describeExit, spawnChild, stopChild, type Child } from '../process/child.ts';
import type { ProcessGuard } from '../process/guard.ts';
import { afterExit, type BackoffState } from './backoff.ts';
import { httpCheck, watchHealth } from './health.ts';
import { releasePorts, removeSockets, type Launch, type PodPorts } from './launch.ts';

export type PodState =
  | 'Waiting'
  | 'Starting'
  | 'Running'
  | 'CrashLoopBackOff'
  | 'Terminating'
  | 'Stopped';

export type PodOptions = {
  name: string;
  deployment: Deployment;
  ports: PodPorts;
  takenPorts: Set<number>;
  log: LogWriter;
  clock: Clock;
  guard: ProcessGuard;
  endpoints: Endpoints;
  startSidecar: StartSidecar;
  /** Resolves when what the pod's environment refers to is there. */
  whenStartable(signal: AbortSignal): Promise<void>;
  plan(outboundUrl: string | undefined): Launch;
  onChange(pod: Pod, reason?: string): void;
};

/** One instance of a Deployment: its sidecar, and its container restarted whenever it ends. */
export class Pod {
  readonly name: string;
  readonly deployment: Deployment;
  readonly ports: PodPorts;
  state: PodState = 'Waiting';
  ready = false;
  /** Whether it was ready at any time. */
  wasReady = false;
  restarts = 0;
  readonly #options: PodOptions;
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #sidecar: Sidecar | undefined;
  #child: Child | undefined;
  #isRestarting = false;
  #nextEnv: Readonly<Record<string, string>> = {};
  #finished: Promise<void> | undefined;

  constructor(options: PodOptions) {
    this.#options = options;
    this.name = options.name;
    this.deployment = options.deployment;
    this.ports = options.ports;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get sidecarPid(): number | undefined {
    return this.#sidecar?.pid;
  }

  start(): void {
    this.#finished ??= this.#run();
  }

  /** Takes the pod out of traffic, ends its container orderly, then its sidecar. */
  async stop({ withPreStop }: { withPreStop: boolean }): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    this.#withdraw();
    this.#change('Terminating');
    await this.#endContainer(withPreStop);
    await this.#finished;
  }

  /**
   * Ends the container, by SIGKILL when `now`, and starts it again without a back-off; `env` comes
   * on top of its environment for that one run.
   */
  async restart({ now, env = {} }: { now: boolean; env?: Record<string, string> }): Promise<void> {
    this.#isRestarting = true;
    this.#nextEnv = env;
    const child = this.#child;
    this.#wake.abort();
    if (child === undefined) return;
    this.#setReady(false);
    if (now) child.kill('SIGKILL');
    else await this.#endContainer(true);
    await child.exited;
  }

  async #endContainer(withPreStop: boolean): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const { clock, deployment } = this.#options;
    const ended = new AbortController();
    void child.exited.then(() => ended.abort());
    const startedMs = clock.monotonic();
    if (withPreStop) await clock.sleep(deployment.preStopMs, ended.signal);
    // The time for the preStop hook is part of the grace period.
    const graceMs = Math.max(0, deployment.gracePeriodMs - (clock.monotonic() - startedMs));
    await stopChild(child, { graceMs, clock });
  }

  async #run(): Promise<void> {
    const { deployment, clock, startSidecar, whenStartable } = this.#options;
    const { signal } = this.#stopping;
    let waits: BackoffState = { failures: 0 };
    await whenStartable(signal);
    if (deployment.meshed && !signal.aborted) {
      this.#sidecar = await startSidecar({ name: this.name, service: deployment.name });
    }
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      const reason = await this.#runOnce();
      if (signal.aborted) break;
      this.restarts += 1;
      if (!this.#isRestarting) {
        const { state, delayMs } = afterExit(waits, clock.monotonic() - startedMs);
        waits = state;
        this.#change('CrashLoopBackOff', reason);
        this.#wake = new AbortController();
        await clock.sleep(delayMs, this.#wake.signal);
      }
      if (this.#takeRestart()) waits = { failures: 0 };
    }
    await this.#sidecar?.stop();
    this.#sidecar = undefined;
    releasePorts(this.ports, this.#options.takenPorts);
    await this.#options.log.close();
    this.#change('Stopped');
  }

  #takeRestart(): boolean {
    const asked = this.#isRestarting;
    this.#isRestarting = false;
    return asked;
  }

  /** Runs the container once, until it has ended; answers why it did. */
  async #runOnce(): Promise<string> {
    this.#change('Starting');
    const child = await this.#spawn().catch((error: unknown) => {
      this.#options.log.write(`${String(error)}\n`);
      return String(error);
    });
    if (typeof child === 'string') return child;
    this.#child = child;
    // A stop that came while the process was being started has not seen it.
    if (this.#stopping.signal.aborted) void this.#endContainer(false);
    const ended = new AbortController();
    const health = this.#watch(AbortSignal.any([ended.signal, this.#stopping.signal]));
    const exit = await child.exited;
    this.#child = undefined;
    ended.abort();
    this.#setReady(false);
    const failedProbe = await health;
    return failedProbe === undefined ? describeExit(exit) : `its ${failedProbe} probe failed`;
  }

  async #watch(signal: AbortSignal): Promise<string | undefined> {
    const { deployment, clock } = this.#options;
    const failed = await watchHealth({
      probes: deployment.probes,
      check: httpCheck((port) => this.addressOf(port)),
      clock,
      signal,
      onReady: (ready) => this.#setReady(ready),
    });
    if (failed !== undefined) {
      this.#setReady(false);
      await this.#endContainer(false);
    }
    return failed;
  }

  async #spawn(): Promise<Child> {
    const launch = this.#options.plan(this.#sidecar?.outboundUrl);
    const env = { ...launch.env, ...this.#nextEnv };
    this.#nextEnv = {};
    removeSockets(this.ports);
    return spawnChild({
      ...launch,
      env,
      guard: this.#options.guard,
      onOutput: (_, source) => this.#options.log.follow(source),
    });
  }

  /** The real address of a container port, by name or number. */
  addressOf(port: string | number): PodPorts[number]['address'] | undefined {
    return this.ports.find(({ name, containerPort }) => name === port || containerPort === port)
      ?.address;
  }

  #setReady(ready: boolean): void {
    const { endpoints, deployment } = this.#options;
    if (!ready) {
      const changed = this.ready;
      this.#withdraw();
      if (changed) this.#options.onChange(this);
    } else if (!this.#stopping.signal.aborted) {
      endpoints.add({ instance: this.name, labels: deployment.podLabels, ports: this.ports });
      this.ready = true;
      this.wasReady = true;
      if (this.state === 'Running') this.#options.onChange(this);
      else this.#change('Running');
    }
  }

  /** Takes the pod out of traffic. */
  #withdraw(): void {
    this.#options.endpoints.remove(this.name);
    this.ready = false;
  }

  #change(state: PodState, reason?: string): void {
    if (this.state === 'Stopped' || (this.state === 'Terminating' && state !== 'Stopped')) return;
    if (this.state === state && reason === undefined) return;
    this.state = state;
    this.#options.onChange(this, reason);
  }
}
