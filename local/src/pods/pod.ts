import type { Clock } from '@faultline/chassis/clock';
import type { Deployment } from '../manifests/model.ts';
import type { Address } from '../net/address.ts';
import type { Endpoints } from '../net/endpoints.ts';
import type { JoinMesh, Member } from '../mesh/member.ts';
import type { LogWriter } from '../logs/writer.ts';
import { describeExit, spawnChild, stopChild, type Child } from '../process/child.ts';
import type { ProcessGuard } from '../process/guard.ts';
import { afterExit, type BackoffState } from './backoff.ts';
import { httpCheck, watchHealth } from './health.ts';
import type { Launch } from './launch.ts';
import { giveBack, removeSockets, type PodPorts } from './ports.ts';

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
  joinMesh: JoinMesh;
  /** Resolves when what the pod's environment refers to is there. */
  whenStartable(signal: AbortSignal): Promise<void>;
  plan(member: Member): Launch;
  /** Removes the volumes that last as long as the pod. */
  removeScratch(): Promise<void>;
  onChange(pod: Pod, reason?: string): void;
};

const hopelessRestarts = 3;

/** One instance of a Deployment: its part in the mesh, and its container, restarted when it ends. */
export class Pod {
  readonly name: string;
  readonly deployment: Deployment;
  readonly ports: PodPorts;
  state: PodState = 'Waiting';
  ready = false;
  /** Whether it was ready at any time. */
  wasReady = false;
  restarts = 0;
  /** How often its sidecar ended. */
  sidecarRestarts = 0;
  /** How its container ended last. */
  lastEnd = '';
  readonly #options: PodOptions;
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #member: Member | undefined;
  #isHealthy = false;
  #readySinceMs = 0;
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
    return this.#member?.sidecarPid;
  }

  get sidecarAdminUrl(): string | undefined {
    return this.#member?.sidecarAdminUrl;
  }

  /** For how long it has been ready. */
  get readyMs(): number {
    return this.ready ? this.#options.clock.monotonic() - this.#readySinceMs : 0;
  }

  /** Whether it keeps ending without ever having been ready. */
  get isHopeless(): boolean {
    const endsAgain = this.state === 'CrashLoopBackOff' && this.restarts >= hopelessRestarts;
    return !this.wasReady && (endsAgain || this.sidecarRestarts >= hopelessRestarts);
  }

  /** How often its container has ended, or its sidecar when that is the one. */
  get howItEnds(): string {
    const { restarts, sidecarRestarts, lastEnd } = this;
    return restarts >= sidecarRestarts
      ? `it ended ${restarts} times: ${lastEnd}`
      : `its sidecar ended ${sidecarRestarts} times`;
  }

  start(): void {
    this.#finished ??= this.#run();
  }

  /** Takes the pod out of traffic, ends its container orderly, then its sidecar. */
  async stop({ withPreStop }: { withPreStop: boolean }): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    this.#change('Terminating');
    await this.#setHealthy(false);
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
    const heard = this.#setHealthy(false);
    if (now) child.kill('SIGKILL');
    else {
      await heard;
      await this.#endContainer(true);
    }
    await child.exited;
  }

  /** Ends the container as a crash would; it is started again with a back-off. */
  kill(): void {
    this.#child?.kill('SIGKILL');
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
    const { clock, joinMesh, whenStartable } = this.#options;
    const { signal } = this.#stopping;
    let waits: BackoffState = { failures: 0 };
    const onSidecar = (reason?: string) => {
      if (reason !== undefined) this.sidecarRestarts += 1;
      void this.#update(reason);
    };
    const [member] = await Promise.all([
      joinMesh(this, { signal, onSidecar }),
      whenStartable(signal),
    ]);
    this.#member = member;
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      const reason = await this.#runOnce(member);
      if (signal.aborted) break;
      this.restarts += 1;
      this.lastEnd = reason;
      if (!this.#isRestarting) {
        const { state, delayMs } = afterExit(waits, clock.monotonic() - startedMs);
        waits = state;
        this.#change('CrashLoopBackOff', reason);
        this.#wake = new AbortController();
        await clock.sleep(delayMs, this.#wake.signal);
      }
      if (this.#takeRestart()) waits = { failures: 0 };
    }
    await member.leave();
    this.#member = undefined;
    await this.#cleanUp();
    this.#change('Stopped');
  }

  async #cleanUp(): Promise<void> {
    const { takenPorts, log, removeScratch } = this.#options;
    giveBack(addressesOf(this.ports), takenPorts);
    // What stays there is removed with the system's own folder; the pod is over all the same.
    await removeScratch().catch((error: unknown) => log.write(`${String(error)}\n`));
    await log.close();
  }

  #takeRestart(): boolean {
    const asked = this.#isRestarting;
    this.#isRestarting = false;
    return asked;
  }

  /** Runs the container once, until it has ended; answers why it did. */
  async #runOnce(member: Member): Promise<string> {
    this.#change('Starting');
    const child = await this.#spawn(member).catch((error: unknown) => {
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
    void this.#setHealthy(false);
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
      onReady: (ready) => void this.#setHealthy(ready),
    });
    if (failed !== undefined) {
      void this.#setHealthy(false);
      await this.#endContainer(false);
    }
    return failed;
  }

  async #spawn(member: Member): Promise<Child> {
    const launch = this.#options.plan(member);
    const env = { ...launch.env, ...this.#nextEnv };
    this.#nextEnv = {};
    removeSockets(addressesOf(this.ports));
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

  /** Where others reach a container port: at the sidecar, where there is one. */
  reachedAt(port: string): Address | undefined {
    return this.#member?.ports.find(({ name }) => name === port)?.address;
  }

  #setHealthy(healthy: boolean): Promise<void> {
    this.#isHealthy = healthy;
    return this.#update();
  }

  /**
   * Puts the pod into traffic, or takes it out: it is in while container and sidecar are well.
   * Resolves when all who call it know.
   */
  async #update(reason?: string): Promise<void> {
    const member = this.#member;
    if (member === undefined) return;
    const { endpoints, deployment, onChange } = this.#options;
    const ready = this.#isHealthy && member.ready && !this.#stopping.signal.aborted;
    const changed = ready !== this.ready;
    this.ready = ready;
    if (changed) this.#readySinceMs = this.#options.clock.monotonic();
    if (ready) {
      endpoints.add({ instance: this.name, labels: deployment.podLabels, ports: member.ports });
      this.wasReady = true;
    } else endpoints.remove(this.name);
    const heard = member.setReady({ ready });
    const isLeaving = this.#stopping.signal.aborted;
    if (ready && this.state !== 'Running') this.#change('Running');
    else if (!isLeaving && (changed || reason !== undefined)) onChange(this, reason);
    await heard;
  }

  #change(state: PodState, reason?: string): void {
    if (this.state === 'Stopped' || (this.state === 'Terminating' && state !== 'Stopped')) return;
    if (this.state === state && reason === undefined) return;
    this.state = state;
    this.#options.onChange(this, reason);
  }
}

function addressesOf(ports: PodPorts): Address[] {
  return ports.map(({ address }) => address);
}
