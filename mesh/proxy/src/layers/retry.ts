import { backoffMs, RETRY_BACKOFF } from '@faultline/mesh-core/backoff';
import type { Random } from '@faultline/mesh-core/random';
import { isRetryable, REPLAY_BYTES_MAX, type RetryPolicy } from '@faultline/mesh-core/retry';
import { outcomeOf, type Result } from '../attempt.ts';
import type { Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import { discard } from '../http/body.ts';
import { Replay } from '../http/replay.ts';
import type { Handler, Layer } from '../layer.ts';
import type { RetrySeries } from '../metrics/route.ts';
import type { Request, Response } from '../request.ts';
import { pause, type Scope } from '../scope.ts';

type Options = {
  readonly policy: RetryPolicy | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly series: RetrySeries;
  /** Whether a retry would find a backend at all. */
  readonly isReady: () => boolean;
};

/** Sends again what failed in a way the route lists, up to its limit, with growing pauses. */
export function retry(options: Options): Layer | undefined {
  const { policy, clock, random, series, isReady } = options;
  if (!policy) return undefined;
  return (next) => async (request) => {
    const replay = new Replay(request.body, REPLAY_BYTES_MAX);
    for (let retries = 0; ; retries++) {
      const timeoutMs = retries < policy.limit ? policy.timeoutMs : undefined;
      const result = await attempt(next, request, { replay, timeoutMs, clock });
      if (request.scope.error || !isRetryable(policy, outcomeOf(result)) || !replay.repeatable) {
        if (retries > 0 && 'response' in result && !isRetryable(policy, outcomeOf(result))) {
          series.successes.value++;
        }
        return settle(result);
      }
      if (retries >= policy.limit) {
        series.limit_exceeded.value++;
        return settle(result);
      }
      await pause(backoffMs(RETRY_BACKOFF, retries, random), request.scope, clock);
      if (!isReady()) {
        series.overflow.value++;
        return settle(result);
      }
      if ('response' in result) discard(result.response.body, REPLAY_BYTES_MAX);
      series.requests.value++;
      request.decision.attempts++;
    }
  };
}

/** One attempt, in a scope of its own so that its timeout ends it and nothing else. */
async function attempt(
  next: Handler,
  request: Request,
  options: { replay: Replay; timeoutMs: number | undefined; clock: Clock },
): Promise<Result> {
  const scope = request.scope.child();
  const body = options.replay.next();
  const stop =
    options.timeoutMs === undefined ? undefined : limit(scope, options.timeoutMs, options.clock);
  if (stop) body.tap({ done: stop.start });
  try {
    const response = await next(request.attempt(body, scope));
    response.body.tap({ done: () => scope.release() });
    return { response };
  } catch (error) {
    scope.release();
    return { error: ProxyError.from(error) };
  } finally {
    stop?.cancel();
  }
}

/** The retry timeout: from the request sent to the reply's head. */
function limit(scope: Scope, timeoutMs: number, clock: Clock) {
  let over = false;
  let cancel: (() => void) | undefined;
  const expire = (): void => {
    scope.cancel(new ProxyError('retry-timeout', `retry timed out after ${timeoutMs}ms`));
  };
  return {
    start: () => {
      if (!over) cancel = clock.after(timeoutMs, expire);
    },
    cancel: () => {
      over = true;
      cancel?.();
    },
  };
}

function settle(result: Result): Response {
  if ('response' in result) return result.response;
  throw result.error;
}
