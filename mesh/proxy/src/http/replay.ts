import { Body } from './body.ts';

/**
 * A request's body that can be sent more than once: what passes the first time is kept, up to
 * `bytesMax`. Beyond that it passes on unkept and cannot be sent again.
 */
export class Replay {
  readonly #inner: Body;
  readonly #bytesMax: number;
  #kept: Buffer[] = [];
  #bytes = 0;
  #overflowed = false;
  #started = false;

  constructor(inner: Body, bytesMax: number) {
    this.#inner = inner;
    this.#bytesMax = bytesMax;
    this.#overflowed = (inner.length ?? 0) > bytesMax;
  }

  /** Whether all of the body has been read and kept. */
  get repeatable(): boolean {
    return !this.#overflowed && (this.#inner.length === 0 || this.#inner.complete);
  }

  /** The body for the next attempt. After the first, ask for it only when `repeatable`. */
  next(): Body {
    if (this.#inner.length === 0) return Body.empty();
    if (this.#started) return this.#again();
    this.#started = true;
    return this.#first();
  }

  #first(): Body {
    const inner = this.#inner;
    let piped = false;
    const outer: Body = new Body(inner.length, {
      pause: () => inner.pause(),
      resume: () => {
        if (piped) inner.resume();
        else pipe();
      },
      // The attempt is over, not the request: what is left may be needed for the next.
      cancel: () => inner.pause(),
    });
    const pipe = (): void => {
      piped = true;
      inner.pipe({
        data: (chunk) => {
          this.#keep(chunk);
          outer.push(chunk);
        },
        end: (trailers) => outer.end(trailers),
        fail: (error) => outer.fail(error),
      });
    };
    return outer;
  }

  #again(): Body {
    const body = new Body(this.#inner.length);
    for (const chunk of this.#kept) body.push(chunk);
    body.end(this.#inner.trailers);
    return body;
  }

  #keep(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) {
      this.#overflowed = true;
      this.#kept = [];
    } else if (!this.#overflowed) this.#kept.push(chunk);
  }
}
