import { join } from 'node:path';
import type { Clock } from '@faultline/chassis/clock';
import { EngineError } from '../engine-error.ts';
import { LogWriter } from '../logs/writer.ts';
import type { Deployment } from '../manifests/model.ts';
import type { Endpoints } from '../net/endpoints.ts';
import type { JoinMesh } from '../mesh/member.ts';
import type { ProcessGuard } from '../process/guard.ts';
import type { Secrets } from '../stores/secrets.ts';
import { planLaunch, type PodSurroundings } from './launch.ts';
import { podName } from './names.ts';
import { Pod } from './pod.ts';
import { assignPorts } from './ports.ts';
import { Replicas } from './replicas.ts';

export type PodsOptions = {
  deployments: readonly Deployment[];
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
const hopelessRestarts = 3;

/** The pods of all Deployments. */
export class Pods {
  readonly all: readonly Replicas[];
  readonly #options: PodsOptions;

  constructor(options: PodsOptions) {
    this.#options = options;
    this.all = options.deployments.map(
      (deployment) => new Replicas(deployment, (of) => this.#create(of)),
    );
  }

  async start(): Promise<void> {
    await Promise.all(this.all.map((replicas) => replicas.scale(replicas.deployment.replicas)));
  }

  /** Stops everything at once. */
  async stop(): Promise<void> {
    await Promise.all(this.all.map((replicas) => replicas.stop()));
  }

  /** The Deployment of that name, or an error that says which there are. */
  find(service: string): Replicas {
    const found = this.all.find(({ deployment }) => deployment.name === service);
    if (found) return found;
    const known = this.all.map(({ deployment }) => deployment.name).join(', ');
    throw new EngineError(`there is no service '${service}'; expected one of: ${known}`);
  }

  /** The pods named: one by its own name, or all of a service. */
  select(target: string): readonly Pod[] {
    const pod = this.all.flatMap(({ pods }) => pods).find(({ name }) => name === target);
    return pod ? [pod] : this.find(target).pods;
  }

  /**
   * Resolves when every pod asked for is ready. Rejects when one keeps ending before it ever was,
   * or time runs out.
   */
  async untilReady(replicas = this.all, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + readyTimeoutMs;
    while (!signal?.aborted) {
      const waiting = replicas.filter(({ pods, desired }) => {
        return pods.filter(({ ready }) => ready).length < desired;
      });
      if (waiting.length === 0) return;
      const pods = waiting.flatMap((one) => one.pods).filter(({ ready }) => !ready);
      const hopeless = pods.find((pod) => isHopeless(pod));
      if (hopeless) throw new PodFailure(hopeless, describeEnds(hopeless));
      const [slow] = pods;
      if (slow !== undefined && clock.monotonic() > deadline) {
        throw new PodFailure(slow, `not ready within ${readyTimeoutMs / 1000} s`);
      }
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
      log: new LogWriter(join(logsDir, deployment.name, `${name}.log`)),
      whenStartable: (signal) => secrets.whenKnown(deployment, signal),
      plan: (member) => planLaunch({ deployment, pod: name, ports, member, around }),
    });
  }
}

function isHopeless(pod: Pod): boolean {
  const endsAgain = pod.state === 'CrashLoopBackOff' && pod.restarts >= hopelessRestarts;
  return !pod.wasReady && (endsAgain || pod.sidecarRestarts >= hopelessRestarts);
}

function describeEnds({ restarts, sidecarRestarts }: Pod): string {
  return restarts >= sidecarRestarts
    ? `it ended ${restarts} times`
    : `its sidecar ended ${sidecarRestarts} times`;
}

/** A pod did not become ready. */
export class PodFailure extends Error {
  readonly pod: Pod;

  constructor(pod: Pod, why: string) {
    super(`start ${pod.name}: ${why}`);
    this.name = 'PodFailure';
    this.pod = pod;
  }
}
