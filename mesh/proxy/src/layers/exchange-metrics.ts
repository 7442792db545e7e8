import type { Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import type { Tap } from '../http/body.ts';
import type { Layer } from '../layer.ts';
import type { ExchangeSeries } from '../metrics/http.ts';
import type { Request } from '../request.ts';

/** request_total, response_total and response_latency_ms; the series are chosen for each request. */
export function exchangeMetrics(of: (request: Request) => ExchangeSeries, clock: Clock): Layer {
  return (next) => (request) => {
    const series = of(request);
    series.requests.value++;
    const startedMs = clock.monotonic();
    return next(request).then(
      (response) => {
        response.body.tap(new ReplyTap(series, response.status, { clock, startedMs }));
        return response;
      },
      (error: unknown) => {
        series.error(nameOf(error));
        throw error;
      },
    );
  };
}

class ReplyTap implements Tap {
  readonly #series: ExchangeSeries;
  readonly #status: number;
  readonly #time: { clock: Clock; startedMs: number };
  #begun = false;

  constructor(series: ExchangeSeries, status: number, time: { clock: Clock; startedMs: number }) {
    this.#series = series;
    this.#status = status;
    this.#time = time;
  }

  data(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#series.latency(this.#status, this.#time.clock.monotonic() - this.#time.startedMs);
  }

  done(error: Error | undefined): void {
    if (!error) this.data();
    if (error) this.#series.error(nameOf(error));
    else this.#series.response(this.#status);
  }
}

function nameOf(error: unknown): string {
  const { kind, answer } = ProxyError.from(error);
  return answer.metric ?? kind;
}
