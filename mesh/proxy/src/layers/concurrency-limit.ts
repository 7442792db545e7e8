import { ProxyError } from '../errors.ts';
import type { Layer } from '../layer.ts';

/** Sheds what comes while `inFlightMax` requests are under way, bodies included. */
export function concurrencyLimit(inFlightMax: number): Layer {
  let inFlight = 0;
  const leave = { done: () => void inFlight-- };
  return (next) => (request) => {
    if (inFlight >= inFlightMax) {
      return Promise.reject(new ProxyError('load-shed', 'concurrency limit exceeded'));
    }
    inFlight++;
    return next(request).then(
      (response) => {
        response.body.tap(leave);
        return response;
      },
      (error: unknown) => {
        inFlight--;
        throw error;
      },
    );
  };
}
