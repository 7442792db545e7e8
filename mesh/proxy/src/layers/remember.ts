import type { Clock } from '../clock.ts';
import type { DecisionLog } from '../decisions.ts';
import type { Layer } from '../layer.ts';

/** Keeps what was decided about the last requests, for `faultline mesh tap`. */
export function remember(log: DecisionLog, clock: Clock): Layer {
  return (next) => (request) => {
    log.add(request.decision);
    return next(request).then((response) => {
      request.decision.status = response.status;
      request.decision.durationMs = clock.monotonic() - request.startedMs;
      return response;
    });
  };
}
