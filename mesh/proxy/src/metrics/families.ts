import type { Histogram, Labels, Registry, Series } from './registry.ts';

const FRAME_BYTES = [128, 1_024, 10_240];

/** Counters of replies by status and error; made when first needed. */
export class Statuses {
  readonly #registry: Registry;
  readonly #name: string;
  readonly #labels: Labels;
  readonly #known = new Map<number | string, Series>();

  constructor(registry: Registry, name: string, labels: Labels) {
    this.#registry = registry;
    this.#name = name;
    this.#labels = labels;
  }

  count(outcome: { status: number } | { error: string }): void {
    const key = 'status' in outcome ? outcome.status : outcome.error;
    let series = this.#known.get(key);
    if (!series) {
      series = this.#registry.counter(this.#name, 'Replies by status and error.', {
        ...this.#labels,
        http_status: 'status' in outcome ? outcome.status : '',
        error: 'error' in outcome ? outcome.error : '',
      });
      this.#known.set(key, series);
    }
    series.value++;
  }
}

/** What is counted of the requests at one place of a stack; absent families are not. */
export type HttpSeries = {
  readonly statuses: Statuses;
  readonly requests?: Series;
  /** From the request's head to the reply's end. */
  readonly requestSeconds?: Histogram;
  /** From the request's end to the reply's end. */
  readonly responseSeconds?: Histogram;
  readonly requestFrames?: Histogram;
  readonly responseFrames?: Histogram;
};

/** Sizes of the pieces in which bodies pass. */
export function frameSizes(registry: Registry, name: string, labels: Labels): Histogram {
  return registry.histogram(name, 'Sizes of the pieces of bodies.', {
    labels,
    bounds: FRAME_BYTES,
  });
}
