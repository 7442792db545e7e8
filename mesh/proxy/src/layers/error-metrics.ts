import { ProxyError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import type { Labels, Registry } from '../metrics/registry.ts';

type Options = {
  readonly name: 'inbound_http_errors_total' | 'outbound_http_errors_total';
  readonly registry: Registry;
  readonly labels: () => Labels;
};

/** Counts the errors this proxy answers for, by kind; those of policy have counters of their own. */
export function errorMetrics({ name, registry, labels }: Options): Layer {
  const help = 'Errors that the proxy answered for.';
  return (next) => (request) =>
    next(request).then(undefined, (thrown: unknown) => {
      const { metric: error } = ProxyError.from(thrown).answer;
      if (error !== undefined) registry.counter(name, help, { ...labels(), error }).value++;
      throw thrown;
    });
}
