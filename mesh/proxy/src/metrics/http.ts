import { isFailure } from '@faultline/mesh-core/classify';
import type { Histogram, Labels, Registry, Series } from './registry.ts';

const LATENCY_MS = [
  1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10_000,
  20_000, 30_000, 40_000, 50_000,
];

type Ended = { readonly responses: Series; readonly latency: Histogram };

/** Linkerd's request_total, response_total and response_latency_ms of one set of labels. */
export class ExchangeSeries {
  readonly requests: Series;
  readonly #registry: Registry;
  readonly #labels: Labels;
  readonly #byStatus = new Map<number, Ended>();
  readonly #errors = new Map<string, Series>();

  constructor(registry: Registry, labels: Labels) {
    this.#registry = registry;
    this.#labels = labels;
    this.requests = registry.counter('request_total', 'Requests.', labels);
  }

  /** From the request received to the reply's first byte or end. */
  latency(status: number, ms: number): void {
    this.#ended(status).latency.observe(ms);
  }

  response(status: number): void {
    this.#ended(status).responses.value++;
  }

  /** An exchange without a response, or with one that broke off. */
  error(error: string): void {
    let series = this.#errors.get(error);
    if (!series) {
      series = this.#responses({ classification: 'failure', grpc_status: '', error });
      this.#errors.set(error, series);
    }
    series.value++;
  }

  #ended(status: number): Ended {
    let ended = this.#byStatus.get(status);
    if (!ended) {
      const labels = { ...this.#labels, status_code: status };
      const classification = isFailure({ kind: 'response', status }) ? 'failure' : 'success';
      ended = {
        responses: this.#responses({
          status_code: status,
          classification,
          grpc_status: '',
          error: '',
        }),
        latency: this.#registry.histogram(
          'response_latency_ms',
          'Milliseconds to the first byte.',
          {
            labels,
            bounds: LATENCY_MS,
          },
        ),
      };
      this.#byStatus.set(status, ended);
    }
    return ended;
  }

  #responses(labels: Labels): Series {
    return this.#registry.counter('response_total', 'Responses.', { ...this.#labels, ...labels });
  }
}
