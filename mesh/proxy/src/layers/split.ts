import type { Random } from '@faultline/mesh-core/random';
import { drawBackend } from '@faultline/mesh-core/split';
import { ProxyError } from '../errors.ts';
import type { Handler } from '../layer.ts';

/** One way a route's requests can go. */
export type Backend = {
  readonly name: string;
  readonly weight: number;
  /** False while the backend fails fast: then others are drawn. */
  readonly ready: boolean;
  readonly handler: Handler;
};

/** Draws a backend for each request by weight, among those that are not failing fast. */
export function split(backends: readonly Backend[], random: Random): Handler {
  const [only] = backends;
  if (only && backends.length === 1) {
    return (request) => {
      request.decision.backend = only.name;
      return only.handler(request);
    };
  }
  return (request) => {
    const index = drawBackend(backends, random);
    const backend = index === undefined ? undefined : backends[index];
    if (!backend) return Promise.reject(new ProxyError('load-shed', 'service unavailable'));
    request.decision.backend = backend.name;
    return backend.handler(request);
  };
}
