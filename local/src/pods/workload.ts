import type { Deployment } from '../manifests/model.ts';
import type { Pod } from './pod.ts';
import type { Replicas } from './replicas.ts';

/** What a service's pods are made from; `primary` where a Canary has made one. */
export type Templates = { target: Deployment; primary?: Deployment };

/**
 * The pods of one service. Under a Canary, as Flagger leaves them: those that serve belong to the
 * primary, and the Deployment of the manifest has some only while a new version is tried.
 */
export class Workload {
  readonly target: Replicas;
  readonly primary: Replicas | undefined;

  constructor(target: Replicas, primary: Replicas | undefined) {
    this.target = target;
    this.primary = primary;
  }

  get service(): string {
    return this.target.deployment.service;
  }

  /** Those that take the traffic between rollouts. */
  get serving(): Replicas {
    return this.primary ?? this.target;
  }

  get replicas(): readonly Replicas[] {
    return this.primary === undefined ? [this.target] : [this.primary, this.target];
  }

  get pods(): readonly Pod[] {
    return this.replicas.flatMap(({ pods }) => pods);
  }
}
