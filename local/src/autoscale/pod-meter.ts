import { type ProcessTimes, treeSeconds } from './cpu.ts';
import type { Autoscaler, PodSample } from './model.ts';

/** A pod as an autoscaler sees it. */
export type ScaledPod = {
  name: string;
  ready: boolean;
  leaving: boolean;
  /** Its container's process. */
  pid: number | undefined;
  sidecarPid: number | undefined;
  /** In cores, as its manifest says; undefined where it says nothing. */
  requestCpu: number | undefined;
};

type Seen = {
  sinceMs: number;
  ready: boolean;
  changedMs: number;
  /** At the last look; undefined where there was nothing to measure. */
  use: { atMs: number; seconds: number } | undefined;
};

/** Measures the pods of one Deployment from look to look. */
export class PodMeter {
  readonly #autoscaler: Autoscaler;
  #seen: ReadonlyMap<string, Seen> = new Map();

  constructor(autoscaler: Autoscaler) {
    this.#autoscaler = autoscaler;
  }

  /** `container`: undefined measures whole pods, with their sidecars. */
  measure(
    pods: readonly ScaledPod[],
    now: { times: ProcessTimes; nowMs: number; container: string | undefined },
  ): PodSample[] {
    const looks = pods.map((pod) => [pod, see(pod, this.#seen.get(pod.name), now)] as const);
    const samples = looks.map(([pod, seen]): PodSample => {
      const usage = coresSince(this.#seen.get(pod.name)?.use, seen.use);
      return { state: this.#stateOf(pod, seen, now.nowMs), usage, request: pod.requestCpu };
    });
    this.#seen = new Map(looks.map(([{ name }, seen]) => [name, seen]));
    return samples;
  }

  /** Starting uses much and says little: a pod counts once all that was measured is serving. */
  #stateOf({ ready, leaving }: ScaledPod, seen: Seen, nowMs: number): PodSample['state'] {
    const { initializationMs, initialReadinessMs, intervalMs } = this.#autoscaler;
    if (leaving) return 'ignored';
    if (nowMs - seen.sinceMs < initializationMs) {
      return ready && nowMs - seen.changedMs >= intervalMs ? 'ready' : 'unready';
    }
    const wasNeverReady = !ready && seen.changedMs - seen.sinceMs < initialReadinessMs;
    return wasNeverReady ? 'unready' : 'ready';
  }
}

function see(
  { ready, pid, sidecarPid }: ScaledPod,
  before: Seen | undefined,
  now: { times: ProcessTimes; nowMs: number; container: string | undefined },
): Seen {
  const { times, nowMs, container } = now;
  const pids = container === undefined ? [pid, sidecarPid] : [pid];
  const found = pids.flatMap((one) => (one === undefined ? [] : (treeSeconds(times, one) ?? [])));
  const seconds = found.reduce((sum, one) => sum + one, 0);
  return {
    sinceMs: before?.sinceMs ?? nowMs,
    ready,
    changedMs: before?.ready === ready ? before.changedMs : nowMs,
    use: found.length === 0 ? undefined : { atMs: nowMs, seconds },
  };
}

/** Cores; undefined at the first look, and after a restart. */
function coresSince(before: Seen['use'], now: Seen['use']): number | undefined {
  if (before === undefined || now === undefined || now.seconds < before.seconds) return undefined;
  if (now.atMs <= before.atMs) return undefined;
  return ((now.seconds - before.seconds) * 1000) / (now.atMs - before.atMs);
}
