import type { Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import type { RouteBackendSeries, RouteSeries } from '../metrics/route.ts';

/** What the client saw of a route, once for each request whatever lay behind it. */
export function routeMetrics(series: RouteSeries, clock: Clock): Layer {
  return timed(series, clock);
}

/** Every attempt at a backend of a route: more than the route's own count by the retries. */
export function routeBackendMetrics(series: RouteBackendSeries, clock: Clock): Layer {
  return timed(series, clock, () => series.requests.value++);
}

function timed(
  { statuses, duration }: Pick<RouteSeries, 'statuses' | 'duration'>,
  clock: Clock,
  before?: () => void,
): Layer {
  return (next) => (request) => {
    before?.();
    const startedMs = clock.monotonic();
    const failed = (error: unknown): void => {
      statuses.count({ error: ProxyError.from(error).answer.label });
    };
    return next(request).then(
      (response) => {
        const { status } = response;
        response.body.tap({
          done(error) {
            if (error) failed(error);
            else statuses.count({ status });
            duration.observe((clock.monotonic() - startedMs) / 1_000);
          },
        });
        return response;
      },
      (error: unknown) => {
        failed(error);
        throw error;
      },
    );
  };
}
