import type { Clock } from '@faultline/chassis/clock';
import { toRfc3339 } from '@faultline/chassis/clock';
import { ProblemError } from '@faultline/chassis/errors';
import type { Asked, CanaryName } from './payload.ts';

/** Longer than a new version may take to get ready: before that Flagger does not ask. */
const openMs = 180_000;
/** As many as get load at a time. */
const openMax = 20;

type Opened = { untilMs: number; checksum?: string };

/** Until when a canary is taken back if Flagger asks. */
export type Opening = { canary: string; ends_at: string };

/** Which canaries are to be taken back: none, unless somebody opens it for one, for some minutes. */
export class Gate {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #opened = new Map<string, Opened>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Opens it for one canary. Throws `unavailable` when it is open for too many. */
  open({ name, namespace }: CanaryName): Opening {
    const canary = `${namespace}/${name}`;
    const nowMs = this.#clock.now();
    for (const [key, { untilMs }] of this.#opened) if (untilMs <= nowMs) this.#opened.delete(key);
    if (this.#opened.size >= openMax && !this.#opened.has(canary)) {
      throw new ProblemError('unavailable', `No more than ${openMax} canaries at a time.`);
    }
    const untilMs = nowMs + openMs;
    this.#opened.set(canary, { untilMs });
    return { canary, ends_at: toRfc3339(untilMs) };
  }

  /**
   * What lets Flagger take a version back; undefined: nothing. An answer may be lost on its way, so the
   * version that was let through once is until the time is over, and no other.
   */
  openingFor({ name, namespace, checksum }: Asked): Opening | undefined {
    const canary = `${namespace}/${name}`;
    const opened = this.#opened.get(canary);
    if (opened === undefined) return undefined;
    const { untilMs, checksum: meant = checksum } = opened;
    if (untilMs <= this.#clock.now() || meant !== checksum) {
      this.#opened.delete(canary);
      return undefined;
    }
    this.#opened.set(canary, { untilMs, checksum });
    return { canary, ends_at: toRfc3339(untilMs) };
  }
}
