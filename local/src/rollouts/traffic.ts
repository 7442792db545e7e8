import type { Clock } from '@faultline/chassis/clock';

/** After which time Prometheus knows what the last requests to a version came to. */
const scrapeLagMs = 2_500;

/** For how long what is measured of a canary has been the new version's. */
export class TrafficTime {
  readonly #clock: Clock;
  /** Undefined while it has no share. */
  #sinceMs: number | undefined;
  /** When a version before it got its last requests. */
  #endedMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** 0 while it has no share. */
  get lastedMs(): number {
    return this.#sinceMs === undefined ? 0 : Math.max(1, this.#clock.monotonic() - this.#sinceMs);
  }

  /** What the version before did to callers is scraped a little later, and is not of this one. */
  note(isGiven: boolean): void {
    const nowMs = this.#clock.monotonic();
    if (isGiven) this.#sinceMs ??= Math.max(nowMs, this.#endedMs + scrapeLagMs);
    if (isGiven || this.#sinceMs === undefined) return;
    this.#sinceMs = undefined;
    this.#endedMs = nowMs;
  }
}
