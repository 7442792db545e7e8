import type { Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import type { Tap } from '../http/body.ts';
import type { Layer } from '../layer.ts';
import type { HttpSeries } from '../metrics/families.ts';
import type { Request } from '../request.ts';

/** Counts what passes here into the families of its place; the series are chosen for each request. */
export function httpMetrics(of: (request: Request) => HttpSeries, clock: Clock): Layer {
  return (next) => (request) => {
    const series = of(request);
    if (series.requests) series.requests.value++;
    const tap = new ExchangeTap(series, clock);
    if (request.body.length !== 0) request.body.tap(tap.request);
    return next(request).then(
      (response) => {
        tap.status = response.status;
        response.body.tap(tap);
        return response;
      },
      (error: unknown) => {
        tap.failed(error);
        throw error;
      },
    );
  };
}

/** One exchange; taps the reply, and through `request` the request. */
class ExchangeTap implements Tap {
  readonly #series: HttpSeries;
  readonly #clock: Clock;
  readonly #startedMs: number;
  #sentMs: number;
  status = 0;

  constructor(series: HttpSeries, clock: Clock) {
    this.#series = series;
    this.#clock = clock;
    this.#startedMs = clock.monotonic();
    this.#sentMs = this.#startedMs;
  }

  get request(): Tap {
    return {
      data: (bytes) => this.#series.requestFrames?.observe(bytes),
      done: () => (this.#sentMs = this.#clock.monotonic()),
    };
  }

  data(bytes: number): void {
    this.#series.responseFrames?.observe(bytes);
  }

  done(error: Error | undefined): void {
    if (error) {
      this.failed(error);
      return;
    }
    const { statuses, requestSeconds, responseSeconds } = this.#series;
    const nowMs = this.#clock.monotonic();
    statuses.count({ status: this.status });
    requestSeconds?.observe((nowMs - this.#startedMs) / 1_000);
    responseSeconds?.observe((nowMs - this.#sentMs) / 1_000);
  }

  failed(error: unknown): void {
    this.#series.statuses.count({ error: ProxyError.from(error).answer.label });
  }
}
