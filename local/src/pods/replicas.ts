import type { Clock } from '@faultline/chassis/clock';
import { EngineError } from '../engine-error.ts';
import type { Deployment } from '../manifests/model.ts';
import { PodFailure } from './failure.ts';
import type { Pod } from './pod.ts';
import { margins, nextStep, type CountedPod } from './rolling.ts';

/** A Deployment's status, as Kubernetes tells it; pods that have been told to end do not count. */
export type ReplicasStatus = {
  name: string;
  /** Pods asked for. */
  desired: number;
  /** Pods there are, and those among them that have the present template. */
  total: number;
  updated: number;
  /** Ready for long enough. */
  available: number;
  /** For how long fewer than the minimum have been available; 0 while enough are. */
  unavailableMs: number;
  /** The rolling update itself has given up. */
  deadlineExceeded: boolean;
};

type Waiter = { isDone(): boolean; resolve(): void; reject(error: unknown): void };

const periodMs = 20;

/** The pods of one Deployment, kept at the number and of the template asked for. */
export class Replicas {
  readonly #create: (template: Deployment) => Promise<Pod>;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  #template: Deployment;
  #pods: Pod[] = [];
  #desired = 0;
  #waiters: Waiter[] = [];
  #working: Promise<void> | undefined;
  #progress = '';
  #progressMs: number;
  /** Since the present template came, all its pods have been available at one time. */
  #wasComplete = false;
  #unavailableSinceMs: number | undefined;

  constructor(
    template: Deployment,
    how: { create(template: Deployment): Promise<Pod>; clock: Clock },
  ) {
    this.#template = template;
    this.#create = (of) => how.create(of);
    this.#clock = how.clock;
    this.#progressMs = how.clock.monotonic();
  }

  /** What new pods are made from. */
  get deployment(): Deployment {
    return this.#template;
  }

  /** Including those that are still terminating, and during an update those of the old template. */
  get pods(): readonly Pod[] {
    return this.#pods;
  }

  get desired(): number {
    return this.#desired;
  }

  get status(): ReplicasStatus {
    const counted = this.#counted().filter(({ isLeaving }) => !isLeaving);
    const updated = counted.filter(({ isUpdated }) => isUpdated);
    const available = counted.filter(({ isAvailable }) => isAvailable).length;
    const { missing } = margins(this.#template.strategy, this.#desired);
    const nowMs = this.#clock.monotonic();
    if (available >= this.#desired - missing) this.#unavailableSinceMs = undefined;
    else this.#unavailableSinceMs ??= nowMs;
    return {
      name: this.#template.name,
      desired: this.#desired,
      total: counted.length,
      updated: updated.length,
      available: updated.filter(({ isAvailable }) => isAvailable).length,
      unavailableMs: nowMs - (this.#unavailableSinceMs ?? nowMs),
      deadlineExceeded: this.#isOverdue(),
    };
  }

  /**
   * Starts or stops pods. Resolves when those to go are gone, though new ones may still be starting,
   * and when another number is asked for in between.
   */
  async scale(desired: number): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    this.#desired = desired;
    this.#begin();
    await this.#until(() => this.#pods.length === desired || this.#desired !== desired);
  }

  /** Begins to replace the pods by others of `template`; `status` tells how far it is. */
  replace(template: Deployment): void {
    this.#template = template;
    this.#wasComplete = false;
    this.#begin();
    this.#work();
  }

  /**
   * Replaces the pods by others of `template`, step by step. Resolves when none but those takes
   * traffic. Rejects when another template comes in between, or they do not become ready before the
   * deadline; they stay then, beside the old ones that had not gone yet.
   */
  async roll(template: Deployment): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    this.replace(template);
    await this.#until(() => {
      if (this.#template !== template) {
        const { version } = this.#template;
        throw new EngineError(`version ${template.version} gave way to ${version}`);
      }
      const isDone = this.#isComplete();
      if (!isDone && this.#isOverdue()) {
        const why = `no progress for ${template.strategy.progressDeadlineMs / 1000} s`;
        const late = this.#pods.find((pod) => pod.deployment === template && !pod.ready);
        throw late ? new PodFailure(late, why) : new EngineError(`${template.name}: ${why}`);
      }
      const hopeless = this.#pods.find((pod) => pod.deployment === template && pod.isHopeless);
      if (hopeless !== undefined && !isDone) {
        throw new PodFailure(hopeless, hopeless.howItEnds);
      }
      return isDone;
    });
  }

  /**
   * Stops all pods at once, without the preStop wait: nothing routes to them any more. Whoever waits
   * for pods, or asks for some from now on, is told so.
   */
  async stop(): Promise<void> {
    const reason = new EngineError('the engine stops');
    this.#stopping.abort(reason);
    for (const { reject } of this.#waiters.splice(0)) reject(reason);
    this.#desired = 0;
    await Promise.all(this.#pods.map((pod) => pod.stop({ withPreStop: false })));
    await this.#working;
    await Promise.all(this.#pods.map((pod) => pod.stop({ withPreStop: false })));
    this.#pods = [];
  }

  #until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ isDone, resolve, reject });
      this.#work();
    });
  }

  #begin(): void {
    this.#progress = '';
    this.#progressMs = this.#clock.monotonic();
    this.#unavailableSinceMs = undefined;
  }

  #work(): void {
    if (this.#working !== undefined || this.#stopping.signal.aborted) return;
    this.#working = this.#reconcile().finally(() => {
      this.#working = undefined;
      // Somebody may have come just when it was done.
      if (this.#waiters.length > 0) this.#work();
    });
  }

  async #reconcile(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      while (!signal.aborted) {
        const { create, stop } = nextStep(this.#counted(), {
          desired: this.#desired,
          strategy: this.#template.strategy,
        });
        for (const { pod } of stop) void this.#remove(pod);
        for (let made = 0; made < create && !signal.aborted; made += 1) await this.#add();
        this.#noteProgress();
        this.#answerWaiters();
        if (this.#waiters.length === 0 && this.#isAtRest()) return;
        await this.#clock.sleep(periodMs, signal);
      }
    } catch (error) {
      for (const { reject } of this.#waiters.splice(0)) reject(error);
    }
  }

  async #add(): Promise<void> {
    const pod = await this.#create(this.#template);
    this.#pods.push(pod);
    pod.start();
  }

  async #remove(pod: Pod): Promise<void> {
    await pod.stop({ withPreStop: true });
    this.#pods = this.#pods.filter((other) => other !== pod);
  }

  #answerWaiters(): void {
    this.#waiters = this.#waiters.filter(({ isDone, resolve, reject }) => {
      try {
        if (!isDone()) return true;
        resolve();
      } catch (error) {
        reject(error);
      }
      return false;
    });
  }

  #noteProgress(): void {
    const { total, updated, available } = this.status;
    const progress = `${total} ${updated} ${available}`;
    if (progress === this.#progress) return;
    this.#progress = progress;
    this.#progressMs = this.#clock.monotonic();
  }

  /** Whether all pods are as asked for, and it is known how the update has ended. */
  #isAtRest(): boolean {
    const areThose = this.#pods.every((pod) => this.#isUpdated(pod) && !hasToGo(pod));
    const isAsAsked = areThose && this.#pods.length === this.#desired;
    return isAsAsked && (this.#isComplete() || this.#isOverdue());
  }

  /** Whether new pods are awaited, and nothing has changed for too long. */
  #isOverdue(): boolean {
    const waitedMs = this.#clock.monotonic() - this.#progressMs;
    return !this.#isComplete() && waitedMs > this.#template.strategy.progressDeadlineMs;
  }

  /**
   * Whether the update is over: the pods asked for are there, of its template, and available. What
   * becomes of them afterwards does not change that, as in Kubernetes.
   */
  #isComplete(): boolean {
    const counted = this.#counted().filter(({ isLeaving }) => !isLeaving);
    const available = counted.filter((pod) => pod.isUpdated && pod.isAvailable).length;
    const isSo = available >= this.#desired && counted.length === this.#desired;
    // Where none is asked for, no pod has yet shown that it gets ready.
    if (isSo && this.#desired > 0) this.#wasComplete = true;
    return isSo || this.#wasComplete;
  }

  #counted(): (CountedPod & { pod: Pod })[] {
    const { minReadyMs } = this.#template.strategy;
    return this.#pods.map((pod) => ({
      pod,
      ready: pod.ready,
      isUpdated: this.#isUpdated(pod),
      isAvailable: pod.ready && pod.readyMs >= minReadyMs,
      isLeaving: hasToGo(pod),
    }));
  }

  #isUpdated({ deployment }: Pod): boolean {
    return deployment.templateHash === this.#template.templateHash;
  }
}

function hasToGo({ state }: Pod): boolean {
  return state === 'Terminating' || state === 'Stopped';
}
