import type { QueueSample } from './model.ts';

const QUEUES_MAX = 500;

export type QueueState = {
  readonly queue: string;
  readonly group: string;
  readonly service: string;
  lag: number;
  usualLag: number;
  handledPerSecond: number;
  usualHandled: number;
  atMs: number;
  samples: number;
  /** Since when the lag has been growing beyond what is usual. */
  growingSinceMs: number | undefined;
  grownBy: number;
  /** Samples in a row in which it was above the usual and did not shrink. */
  growing: number;
};

export type Backlog = {
  readonly state: QueueState;
  readonly sinceMs: number;
  /** Comparable with the scores of other suspects. */
  readonly score: number;
};

/** How far consumers are behind. */
export class QueueBook {
  frozen = false;
  readonly #queues = new Map<string, QueueState>();

  add(sample: QueueSample): void {
    const { queue, group = '', service, lag, handled, atMs } = sample;
    const key = `${queue} ${group}`;
    let state = this.#queues.get(key);
    if (!state) {
      if (this.#queues.size >= QUEUES_MAX) this.#queues.clear();
      state = {
        queue,
        group,
        service,
        lag,
        usualLag: lag,
        handledPerSecond: 0,
        usualHandled: handled,
        atMs,
        samples: 0,
        growingSinceMs: undefined,
        grownBy: 0,
        growing: 0,
      };
      this.#queues.set(key, state);
    }
    if (atMs <= state.atMs && state.samples > 0) return;
    const seconds = Math.max(0.5, (atMs - state.atMs) / 1_000);
    follow(state, { lag, handledPerSecond: handled / seconds, atMs });
    if (this.frozen || state.growing > 0) return;
    state.usualLag += (lag - state.usualLag) * 0.05;
    state.usualHandled += (handled / seconds - state.usualHandled) * 0.05;
  }

  all(): Iterable<QueueState> {
    return this.#queues.values();
  }

  /** Queues that fill while their consumers do no more than usual: it is not a burst that they work off. */
  backlogs(nowMs: number): Backlog[] {
    return [...this.#queues.values()].flatMap((state): Backlog[] => {
      const { growingSinceMs, growing, grownBy, handledPerSecond, usualHandled } = state;
      if (growingSinceMs === undefined || growing < 3 || nowMs - state.atMs > 5_000) return [];
      const isBusy = handledPerSecond > Math.max(usualHandled * 1.6, 0.8);
      if (isBusy && growing < 20) return [];
      return [{ state, sinceMs: growingSinceMs, score: grownBy * 1.5 + growing }];
    });
  }
}

function follow(
  state: QueueState,
  seen: { lag: number; handledPerSecond: number; atMs: number },
): void {
  const above = seen.lag - Math.max(state.usualLag * 3, state.usualLag + 1.5);
  if (above <= 0) {
    state.growingSinceMs = undefined;
    state.growing = 0;
    state.grownBy = 0;
  } else if (seen.lag >= state.lag) {
    state.growingSinceMs ??= state.atMs;
    state.growing++;
    state.grownBy = above;
  } else {
    state.growing = Math.max(0, state.growing - 1);
    state.grownBy = above;
  }
  state.lag = seen.lag;
  state.handledPerSecond = state.handledPerSecond * 0.6 + seen.handledPerSecond * 0.4;
  state.atMs = seen.atMs;
  state.samples++;
}
