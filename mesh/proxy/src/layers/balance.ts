import { pickTwo } from '@faultline/mesh-core/p2c';
import type { Random } from '@faultline/mesh-core/random';
import type { Balancer, Endpoint } from '../balancer.ts';
import type { Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import type { Tap } from '../http/body.ts';
import { getHeader } from '../http/headers.ts';
import type { Handler } from '../layer.ts';
import type { Request, Response } from '../request.ts';

const PENALTY_MS = 5_000;
const PENALTY_MAX_MS = 300_000;

type Options = {
  readonly balancer: Balancer;
  readonly clock: Clock;
  readonly random: Random;
  /** Counts failures as slow replies, so that an endpoint that fails fast attracts nothing. */
  readonly penalizeFailures: boolean;
};

/** Sends to the less loaded of two random ready endpoints; load is peak EWMA times requests in flight. */
export function balance(options: Options): Handler {
  const { balancer, clock, random } = options;
  return (request: Request): Promise<Response> => {
    const nowMs = clock.monotonic();
    const ready = balancer.ready(nowMs);
    const index = pickTwo(ready.length, (at) => ready[at]?.load(nowMs) ?? 0, random);
    const endpoint = index === undefined ? undefined : ready[index];
    if (!endpoint) return Promise.reject(new ProxyError('load-shed', 'service unavailable'));
    request.decision.endpoint = endpoint.key;
    const flight = new Flight(endpoint, clock, nowMs);
    return endpoint.handler(request).then(
      (response) => {
        flight.answered(options.penalizeFailures ? penaltyOf(response) : undefined);
        response.body.tap(flight);
        return response;
      },
      (error: unknown) => {
        flight.done();
        throw error;
      },
    );
  };
}

/** One request in flight; it counts until the first byte of its reply. */
class Flight implements Tap {
  readonly #endpoint: Endpoint;
  readonly #clock: Clock;
  readonly #sentMs: number;
  #penaltyMs: number | undefined;
  #landed = false;
  #replied = false;

  constructor(endpoint: Endpoint, clock: Clock, sentMs: number) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#sentMs = sentMs;
    endpoint.inFlight++;
  }

  answered(penaltyMs: number | undefined): void {
    this.#replied = true;
    this.#penaltyMs = penaltyMs;
  }

  data(): void {
    this.done();
  }

  done(): void {
    if (this.#landed) return;
    this.#landed = true;
    this.#endpoint.inFlight--;
    if (!this.#replied) return;
    const nowMs = this.#clock.monotonic();
    this.#endpoint.rtt.add(this.#penaltyMs ?? nowMs - this.#sentMs, nowMs);
  }
}

function penaltyOf({ status, headers }: Response): number | undefined {
  if (status !== 429 && status < 500) return undefined;
  const retryAfterMs = Number(getHeader(headers, 'retry-after')) * 1_000;
  return Math.min(PENALTY_MAX_MS, Math.max(PENALTY_MS, retryAfterMs || 0));
}
