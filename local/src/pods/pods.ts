import { join } from 'node:path';
import type { Clock } from '@faultline/chassis/clock';
import { EngineError } from '../engine-error.ts';
import { LogWriter } from '../logs/writer.ts';
import type { Deployment } from '../manifests/model.ts';
import type { Endpoints } from '../net/endpoints.ts';
import type { JoinMesh } from '../mesh/member.ts';
import type { ProcessGuard } from '../process/guard.ts';
import type { Secrets } from '../stores/secrets.ts';
import { planLaunch, removeScratch, type PodSurroundings } from './launch.ts';
import { podName } from './names.ts';
import { PodFailure } from './failure.ts';
import { Pod } from './pod.ts';
import { assignPorts } from './ports.ts';
import { Replicas } from './replicas.ts';
import { Workload, type Templates } from './workload.ts';

export type PodsOptions = {
  workloads: readonly Templates[];
  around: PodSurroundings;
  secrets: Secrets;
  logsDir: string;
  clock: Clock;
  guard: ProcessGuard;
  endpoints: Endpoints;
  joinMesh: JoinMesh;
  takenPorts: Set<number>;
  onChange(pod: Pod, reason?: string): void;
};

const readyTimeoutMs = 120_000;

/** The pods of all Deployments. */
export class Pods {
  readonly workloads: readonly Workload[];
  readonly #options: PodsOptions;

  constructor(options: PodsOptions) {
    this.#options = options;
    const how = { clock: options.clock, create: (of: Deployment) => this.#create(of) };
    const toReplicas = (template: Deployment) => new Replicas(template, how);
    this.workloads = options.workloads.map(({ target, primary }) => {
      return new Workload(toReplicas(target), primary && toReplicas(primary));
    });
  }

  get #replicas(): readonly Replicas[] {
    return this.workloads.flatMap(({ replicas }) => replicas);
  }

  get all(): readonly Pod[] {
    return this.workloads.flatMap(({ pods }) => pods);
  }

  async start(): Promise<void> {
    await Promise.all(
      this.workloads.map(({ serving }) => serving.scale(serving.deployment.replicas)),
    );
  }

  /**
   * Resolves when a Deployment has `count` pods that are ready, and no other is left. Rejects when
   * another number is asked for in between, and as `untilReady` does.
   */
  async scale(replicas: Replicas, count: number): Promise<void> {
    await replicas.scale(count);
    await this.untilReady([replicas]);
    const { desired, deployment } = replicas;
    if (desired === count) return;
    throw new EngineError(`scale ${deployment.service} to ${count}: that gave way to ${desired}`);
  }

  /** Stops everything at once. */
  async stop(): Promise<void> {
    await Promise.all(this.#replicas.map((replicas) => replicas.stop()));
  }

  /** The service of that name, or an error that says which there are. */
  find(service: string): Workload {
    const found = this.workloads.find((workload) => workload.service === service);
    if (found) return found;
    const known = this.workloads.map((workload) => workload.service).join(', ');
    throw new EngineError(`there is no service '${service}'; expected one of: ${known}`);
  }

  /** The pods named: one by its own name, or all of a service. */
  select(target: string): readonly Pod[] {
    const pod = this.all.find(({ name }) => name === target);
    return pod ? [pod] : this.find(target).pods;
  }

  /**
   * Resolves when every pod asked for is ready. Rejects when one keeps ending before it ever was,
   * or time runs out.
   */
  async untilReady(replicas = this.#replicas, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + readyTimeoutMs;
    while (!signal?.aborted) {
      const waiting = replicas.filter(({ pods, desired }) => {
        return pods.filter(({ ready }) => ready).length < desired;
      });
      if (waiting.length === 0) return;
      const pods = waiting.flatMap((one) => one.pods).filter(({ ready }) => !ready);
      const hopeless = pods.find(({ isHopeless }) => isHopeless);
      if (hopeless) throw new PodFailure(hopeless, hopeless.howItEnds);
      if (clock.monotonic() > deadline) throw tooSlow(waiting, pods);
      await clock.sleep(20, signal);
    }
  }

  async #create(deployment: Deployment): Promise<Pod> {
    const { around, secrets, logsDir, takenPorts, ...shared } = this.#options;
    const name = podName(deployment);
    const { runtimeDir } = around;
    const ports = await assignPorts(deployment, { pod: name, runtimeDir, takenPorts });
    return new Pod({
      ...shared,
      name,
      deployment,
      ports,
      takenPorts,
      log: new LogWriter(join(logsDir, deployment.service, `${name}.log`)),
      whenStartable: (signal) => secrets.whenKnown(deployment, signal),
      plan: (member) => planLaunch({ deployment, pod: name, ports, member, around }),
      removeScratch: () => removeScratch(name, around),
    });
  }
}

/** With a pod to look at, where one of them is the reason. */
function tooSlow([first]: readonly Replicas[], [slow]: readonly Pod[]): Error {
  const seconds = `${readyTimeoutMs / 1000} s`;
  if (slow !== undefined) return new PodFailure(slow, `not ready within ${seconds}`);
  const { service = '', version = '' } = first?.deployment ?? {};
  const pods = `${first?.pods.length ?? 0} of ${first?.desired ?? 0} pods`;
  return new EngineError(`${service} ${version}: there are ${pods} after ${seconds}`);
}
