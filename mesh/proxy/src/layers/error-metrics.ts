import type { Decision } from '../decisions.ts';
import { ProxyError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import type { Registry } from '../metrics/registry.ts';

/** Counts the errors this proxy answers for, by kind. */
export function errorMetrics(direction: Decision['direction'], registry: Registry): Layer {
  return (next) => (request) =>
    next(request).then(undefined, (error: unknown) => {
      const { metric } = ProxyError.from(error).answer;
      const name = `${direction}_http_errors_total`;
      registry.counter(name, 'Errors that the proxy answered for.', { error: metric }).value++;
      throw error;
    });
}
