import type { Outcome } from '@faultline/mesh-core/classify';
import type { Permit } from '@faultline/mesh-core/breaker';
import type { Random } from '@faultline/mesh-core/random';
import type { Endpoint } from '../balancer.ts';
import type { Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import { getHeader } from '../http/headers.ts';
import type { Layer } from '../layer.ts';
import type { Request, Response } from '../request.ts';

type Options = {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly random: Random;
  /** Called after each outcome: the endpoint may have become ready. */
  readonly onOutcome: () => void;
};

/**
 * Tells the endpoint's breaker what became of each request. The gate itself is elsewhere: an endpoint
 * whose breaker is shut is not ready, so the balancer does not pick it.
 */
export function breakerGate(options: Options): Layer | undefined {
  const { endpoint, clock, random, onOutcome } = options;
  const { breaker } = endpoint;
  if (!breaker) return undefined;
  const record = (permit: Permit, outcome: Outcome): void => {
    breaker.record(permit, outcome, { nowMs: clock.monotonic(), random });
    onOutcome();
  };
  const cancel = (permit: Permit): void => {
    breaker.cancel(permit);
    onOutcome();
  };
  return (next) => (request: Request) => {
    const permit = breaker.acquire();
    request.decision.breaker = breaker.state.kind;
    return next(request).then(
      (response) => {
        judge(response, {
          done: (outcome) => record(permit, outcome),
          cancelled: () => cancel(permit),
        });
        return response;
      },
      (error: unknown) => {
        const outcome = outcomeOf(error);
        if (outcome) record(permit, outcome);
        else cancel(permit);
        throw error;
      },
    );
  };
}

type Verdict = { done(outcome: Outcome): void; cancelled(): void };

/** A failing status is known with the head; a success, and gRPC's status, only with the end. */
function judge({ status, headers, body }: Response, verdict: Verdict): void {
  const isGrpc = getHeader(headers, 'content-type')?.startsWith('application/grpc') ?? false;
  if (!isGrpc && (status >= 500 || body.length === 0)) {
    verdict.done({ kind: 'response', status });
    return;
  }
  body.tap({
    done(error) {
      if (error) {
        const outcome = outcomeOf(error);
        if (outcome) verdict.done(outcome);
        else verdict.cancelled();
        return;
      }
      const stated = isGrpc
        ? (getHeader(body.trailers ?? [], 'grpc-status') ?? getHeader(headers, 'grpc-status'))
        : undefined;
      const grpcStatus = stated === undefined ? undefined : Number(stated);
      verdict.done({ kind: 'response', status, grpcStatus });
    },
  });
}

/** What an error says about the endpoint; undefined when nothing. */
function outcomeOf(error: unknown): Outcome | undefined {
  if (!(error instanceof ProxyError)) return undefined;
  switch (error.kind) {
    case 'connect':
      return { kind: 'error', error: 'connect' };
    case 'reset':
    case 'protocol':
      return { kind: 'error', error: 'reset' };
    case 'connect-timeout':
    case 'request-timeout':
    case 'response-timeout':
    case 'idle-timeout':
    case 'retry-timeout':
      return { kind: 'error', error: 'timeout' };
    default:
      return undefined;
  }
}
