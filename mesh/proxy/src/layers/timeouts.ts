import type { Timeouts } from '@faultline/mesh-core/annotations';
import type { Clock } from '../clock.ts';
import { type ErrorKind, ProxyError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import type { Request } from '../request.ts';

/**
 * The route's timeouts. `request`: the whole exchange, all retries included. `response`: from the
 * request sent to the response received. `idle`: between any two pieces in either direction. One that
 * passes cancels the exchange: before the reply's head that is a 504, after it the reply breaks off.
 */
export function timeouts(policy: Timeouts, clock: Clock): Layer | undefined {
  const { requestMs, responseMs, idleMs } = policy;
  if (requestMs === undefined && responseMs === undefined && idleMs === undefined) return undefined;
  return (next) => (request) => {
    const watch = new Watch(request, clock);
    if (requestMs !== undefined) watch.limit('request-timeout', requestMs);
    if (responseMs !== undefined) {
      request.body.tap({ done: () => watch.limit('response-timeout', responseMs) });
    }
    if (idleMs !== undefined) {
      request.body.tap({ data: () => watch.moved() });
      watch.idle(idleMs);
    }
    return next(request).then(
      (response) => {
        response.body.tap({ data: () => watch.moved(), done: () => watch.stop() });
        return response;
      },
      (error: unknown) => {
        watch.stop();
        throw error;
      },
    );
  };
}

class Watch {
  readonly #request: Request;
  readonly #clock: Clock;
  readonly #cancels: (() => void)[] = [];
  #cancelIdle: (() => void) | undefined;
  #movedMs: number;
  #stopped = false;

  constructor(request: Request, clock: Clock) {
    this.#request = request;
    this.#clock = clock;
    this.#movedMs = clock.monotonic();
  }

  limit(kind: ErrorKind, ms: number): void {
    if (this.#stopped) return;
    this.#cancels.push(this.#clock.after(ms, () => this.#expire(kind, ms)));
  }

  idle(idleMs: number, waitMs = idleMs): void {
    if (this.#stopped) return;
    this.#cancelIdle = this.#clock.after(waitMs, () => {
      const leftMs = this.#movedMs + idleMs - this.#clock.monotonic();
      if (leftMs <= 0) this.#expire('idle-timeout', idleMs);
      else this.idle(idleMs, leftMs);
    });
  }

  moved(): void {
    this.#movedMs = this.#clock.monotonic();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelIdle?.();
    for (const cancel of this.#cancels) cancel();
  }

  #expire(kind: ErrorKind, ms: number): void {
    const name = kind.replace('-', ' ');
    const message = `HTTP response timed out waiting for response headers: ${name}: ${ms}ms`;
    this.#request.scope.cancel(new ProxyError(kind, message));
  }
}
