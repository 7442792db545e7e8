import type { Headers } from './headers.ts';

/** Where the bytes of a body go. Exactly one of `end` and `fail` is called, last. */
export type Sink = {
  data(chunk: Buffer): void;
  end(trailers: Headers | undefined): void;
  fail(error: Error): void;
};

/** Where they come from; a source that is paused stops as soon as it can. */
export type Source = {
  pause(): void;
  resume(): void;
  cancel(error: Error): void;
};

/** Looks at what passes and changes nothing. `done` is called once, with the error if there was one. */
export type Tap = { data?(bytes: number): void; done?(error: Error | undefined): void };

/**
 * The body of a message on its way: pushed by one side, piped to one sink by the other, with
 * back-pressure. What arrives before there is a sink waits here; the source is paused meanwhile.
 */
export class Body {
  /** Bytes as declared; undefined when only the end will tell. */
  readonly length: number | undefined;
  source: Source | undefined;
  trailers: Headers | undefined;
  #sink: Sink | undefined;
  #taps: Tap[] | undefined;
  #queue: Buffer[] | undefined;
  #paused = false;
  #state: 'open' | 'ended' | 'done' | 'failed' = 'open';
  #error: Error | undefined;

  constructor(length: number | undefined, source?: Source) {
    this.length = length;
    this.source = source;
  }

  static empty(): Body {
    const body = new Body(0);
    body.#state = 'ended';
    return body;
  }

  static of(chunk: Buffer): Body {
    const body = new Body(chunk.length);
    body.push(chunk);
    body.end();
    return body;
  }

  /** Whether the source has delivered everything. */
  get complete(): boolean {
    return this.#state === 'ended' || this.#state === 'done';
  }

  /** Whether the source should hold on. */
  get blocked(): boolean {
    return this.#state === 'open' && (this.#paused || this.#sink === undefined);
  }

  push(chunk: Buffer): void {
    if (this.#state !== 'open') return;
    if (this.#sink && !this.#paused && this.#queue === undefined) this.#deliver(this.#sink, chunk);
    else (this.#queue ??= []).push(chunk);
  }

  end(trailers?: Headers): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.trailers = trailers;
    this.#flush();
  }

  fail(error: Error): void {
    if (this.#state === 'done' || this.#state === 'failed') return;
    this.#settle('failed', error);
    this.#sink?.fail(error);
  }

  /** The receiving side wants no more. */
  cancel(error: Error): void {
    if (this.#state === 'done' || this.#state === 'failed') return;
    this.#settle('failed', error);
    this.source?.cancel(error);
  }

  pipe(sink: Sink): void {
    this.#sink = sink;
    if (this.#error) {
      sink.fail(this.#error);
      return;
    }
    this.#flush();
    if (this.#state === 'open' && !this.#paused) this.source?.resume();
  }

  /** For the sink: no more until `resume`. */
  pause(): void {
    this.#paused = true;
    if (this.#state === 'open') this.source?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#flush();
    if (this.#state === 'open' && !this.#paused) this.source?.resume();
  }

  tap(tap: Tap): void {
    (this.#taps ??= []).push(tap);
  }

  #flush(): void {
    const sink = this.#sink;
    if (!sink) return;
    while (this.#queue && !this.#paused) {
      const chunk = this.#queue.shift();
      if (this.#queue.length === 0) this.#queue = undefined;
      if (chunk) this.#deliver(sink, chunk);
    }
    if (this.#state === 'ended' && !this.#queue && !this.#paused) {
      this.#settle('done', undefined);
      sink.end(this.trailers);
    }
  }

  #deliver(sink: Sink, chunk: Buffer): void {
    if (this.#taps) for (const tap of this.#taps) tap.data?.(chunk.length);
    sink.data(chunk);
  }

  #settle(state: 'done' | 'failed', error: Error | undefined): void {
    this.#state = state;
    this.#error = error;
    this.#queue = undefined;
    const taps = this.#taps;
    this.#taps = undefined;
    if (taps) for (const tap of taps) tap.done?.(error);
  }
}

/** Reads a body nobody wants, so that its connection can be used again; gives up after `bytesMax`. */
export function discard(body: Body, bytesMax: number): void {
  let left = bytesMax;
  body.pipe({
    data(chunk) {
      left -= chunk.length;
      if (left < 0) body.cancel(new Error('the body is too long to be worth reading'));
    },
    end() {},
    fail() {},
  });
}

/** A body made of another's bytes: `make` gets the new one and says what to do with each of them. */
export function transform(
  inner: Body,
  length: number | undefined,
  make: (outer: Body) => Sink,
): Body {
  let started = false;
  const outer: Body = new Body(length, {
    pause: () => inner.pause(),
    resume() {
      if (started) inner.resume();
      else inner.pipe(make(outer));
      started = true;
    },
    cancel: (error) => inner.cancel(error),
  });
  return outer;
}
