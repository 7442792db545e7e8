import type { Clock } from '@faultline/chassis/clock';
import { type ProcessTimes, readProcessTimes } from './cpu.ts';
import { decide, type History, noHistory } from './decide.ts';
import type { Autoscaler, MetricSpec } from './model.ts';
import { PodMeter, type ScaledPod } from './pod-meter.ts';
import { type Proposal, proposeByUse, proposeByValue } from './propose.ts';

/** What runs of a Deployment. */
export type Scaled = { desired: number; pods: readonly ScaledPod[] };

/** The engine, as autoscalers see it. */
export type AutoscalingPorts = {
  /** Undefined when there is nothing that could be scaled. */
  look(target: string): Scaled | undefined;
  scale(target: string, count: number, reason: string): Promise<void>;
  /** The value of a PromQL expression; undefined when it has none. */
  query(promql: string): Promise<number | undefined>;
  processTimes?(): Promise<ProcessTimes>;
};

/** What `faultline status` shows of an autoscaler. */
export type AutoscalerStatus = { min: number; max: number; reason: string };

type Options = { autoscalers: readonly Autoscaler[]; ports: AutoscalingPorts; clock: Clock };

/** Follows autoscalers: each looks at its Deployment every interval until it is stopped. */
export class Autoscaling {
  readonly #options: Options;
  #followers: readonly Follower[] = [];
  #stop: AbortController | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: Options) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#stop !== undefined;
  }

  /** Begins with nothing remembered. */
  start(): void {
    if (this.isOn) return;
    const { autoscalers, ports, clock } = this.#options;
    const stop = new AbortController();
    this.#stop = stop;
    this.#followers = autoscalers.map((one) => new Follower(one, ports, clock));
    this.#running = Promise.all(this.#followers.map((one) => one.follow(stop.signal)));
  }

  /** Resolves when no look is under way any more. */
  async stop(): Promise<void> {
    this.#stop?.abort();
    this.#stop = undefined;
    await this.#running;
  }

  /** Undefined for a Deployment that nobody scales now. */
  statusOf(target: string): AutoscalerStatus | undefined {
    const follower = this.#followers.find(({ autoscaler }) => autoscaler.target === target);
    if (!this.isOn || follower === undefined) return undefined;
    const { min, max } = follower.autoscaler;
    return { min, max, reason: follower.reason };
  }
}

/** One autoscaler at work. */
class Follower {
  readonly autoscaler: Autoscaler;
  /** Of what it did, or did not do, at the last look. */
  reason = 'it has not looked yet';
  readonly #ports: AutoscalingPorts;
  readonly #clock: Clock;
  readonly #meters = new Map<MetricSpec, PodMeter>();
  #history: History = noHistory;

  constructor(autoscaler: Autoscaler, ports: AutoscalingPorts, clock: Clock) {
    this.autoscaler = autoscaler;
    this.#ports = ports;
    this.#clock = clock;
  }

  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#look(signal);
      } catch (error) {
        this.reason = describe(error);
      }
      await this.#clock.sleep(this.autoscaler.intervalMs, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { target, metrics } = this.autoscaler;
    const found = this.#ports.look(target);
    if (found === undefined) return;
    const proposals = await Promise.all(metrics.map((metric) => this.#propose(metric, found)));
    const { desired, reason, history } = decide(this.autoscaler, {
      current: found.desired,
      nowMs: this.#clock.monotonic(),
      proposals,
      history: this.#history,
    });
    this.reason = reason;
    if (signal.aborted) return;
    if (desired !== found.desired) await this.#ports.scale(target, desired, reason);
    this.#history = history;
  }

  async #propose(metric: MetricSpec, { desired: current, pods }: Scaled): Promise<Proposal> {
    try {
      if (metric.kind === 'external') {
        const value = await this.#ports.query(metric.query);
        const ready = pods.filter((pod) => pod.ready && !pod.leaving).length;
        return proposeByValue(metric, { current, ready, value });
      }
      const { container, target } = metric;
      const nowMs = this.#clock.monotonic();
      const times = await (this.#ports.processTimes ?? readProcessTimes)();
      const meter = this.#meters.get(metric) ?? new PodMeter(this.autoscaler);
      this.#meters.set(metric, meter);
      const samples = meter.measure(pods, { times, nowMs, container });
      const what = container === undefined ? 'processor time' : `processor time of ${container}`;
      return proposeByUse(target, { current, pods: samples, what });
    } catch (error) {
      return { error: `${metric.kind === 'cpu' ? 'cpu' : metric.name}: ${describe(error)}` };
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
