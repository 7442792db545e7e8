import type { Pod } from './pod.ts';

/** A pod did not become ready. */
export class PodFailure extends Error {
  readonly pod: Pod;

  constructor(pod: Pod, why: string) {
    super(`start ${pod.name}: ${why}`);
    this.name = 'PodFailure';
    this.pod = pod;
  }
}
