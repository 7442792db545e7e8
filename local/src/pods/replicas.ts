import type { Deployment } from '../manifests/model.ts';
import type { Pod } from './pod.ts';

/** The pods of one Deployment, kept at the number asked for. */
export class Replicas {
  readonly deployment: Deployment;
  readonly #create: (deployment: Deployment) => Promise<Pod>;
  #pods: Pod[] = [];
  #desired = 0;
  #lastScale: Promise<unknown> = Promise.resolve();

  constructor(deployment: Deployment, create: (deployment: Deployment) => Promise<Pod>) {
    this.deployment = deployment;
    this.#create = create;
  }

  /** Including those that are still terminating. */
  get pods(): readonly Pod[] {
    return this.#pods;
  }

  get desired(): number {
    return this.#desired;
  }

  /** Starts or stops pods. Resolves when those to go are gone; new ones may still be starting. */
  scale(count: number): Promise<void> {
    this.#desired = count;
    const done = this.#lastScale.then(() => this.#adjust());
    this.#lastScale = done.catch(() => undefined);
    return done;
  }

  async #adjust(): Promise<void> {
    const staying = this.#pods.filter(({ state }) => state !== 'Terminating');
    for (let count = staying.length; count < this.#desired; count += 1) {
      const pod = await this.#create(this.deployment);
      this.#pods.push(pod);
      pod.start();
    }
    const surplus = Math.max(0, staying.length - this.#desired);
    await Promise.all(chooseToStop(staying, surplus).map((pod) => this.#remove(pod)));
  }

  async #remove(pod: Pod): Promise<void> {
    await pod.stop({ withPreStop: true });
    this.#pods = this.#pods.filter((other) => other !== pod);
  }

  /** Stops all pods at once, without the preStop wait: nothing routes to them any more. */
  async stop(): Promise<void> {
    this.#desired = 0;
    await Promise.all(this.#pods.map((pod) => pod.stop({ withPreStop: false })));
    await this.#lastScale;
    await Promise.all(this.#pods.map((pod) => pod.stop({ withPreStop: false })));
    this.#pods = [];
  }
}

/** Which pods go first: those that are not ready, then the newest, as in Kubernetes. */
export function chooseToStop<P extends { ready: boolean }>(pods: readonly P[], count: number): P[] {
  const newestFirst = pods.toReversed();
  const notReady = newestFirst.filter(({ ready }) => !ready);
  const ready = newestFirst.filter((pod) => pod.ready);
  return [...notReady, ...ready].slice(0, count);
}
