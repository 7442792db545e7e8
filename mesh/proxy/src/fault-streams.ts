import type { Clock } from './clock.ts';
import { ProxyError } from './errors.ts';
import { type Body, transform } from './http/body.ts';

const SLICE_MS = 50;

/** At most so many bytes a second while the lease lasts, in slices of 50 ms. */
export function limitBandwidth(
  inner: Body,
  lease: { bytesPerSecond: number; untilMs: number },
  clock: Clock,
): Body {
  const sliceBytes = Math.max(1, Math.floor((lease.bytesPerSecond * SLICE_MS) / 1_000));
  return transform(inner, inner.length, (outer) => {
    const pending: Buffer[] = [];
    let ended: { trailers: string[] | undefined } | undefined;
    let waiting = false;
    const pump = (): void => {
      waiting = false;
      const over = clock.now() >= lease.untilMs;
      takeSlice(pending, over ? Infinity : sliceBytes).forEach((slice) => outer.push(slice));
      if (pending.length > 0) {
        waiting = true;
        clock.after(SLICE_MS, pump);
      } else if (ended) outer.end(ended.trailers);
      else inner.resume();
    };
    return {
      data(chunk) {
        pending.push(chunk);
        inner.pause();
        if (!waiting) {
          waiting = true;
          clock.after(SLICE_MS, pump);
        }
      },
      end(trailers) {
        ended = { trailers };
        if (!waiting) pump();
      },
      fail: (error) => outer.fail(error),
    };
  });
}

/** Takes up to `bytes` off the front of `pending`. */
function takeSlice(pending: Buffer[], bytes: number): Buffer[] {
  const taken: Buffer[] = [];
  let left = bytes;
  while (left > 0) {
    const chunk = pending.shift();
    if (!chunk) break;
    if (chunk.length > left) pending.unshift(chunk.subarray(left));
    const slice = chunk.length > left ? chunk.subarray(0, left) : chunk;
    taken.push(slice);
    left -= slice.length;
  }
  return taken;
}

/** Everything arrives in time but the end, which comes `delayMs` late. */
export function slowClose(inner: Body, delayMs: number, clock: Clock): Body {
  // Without a stated length the reader cannot know that it has everything before the end comes.
  return transform(inner, undefined, (outer) => ({
    data: (chunk) => outer.push(chunk),
    end: (trailers) => void clock.after(delayMs, () => outer.end(trailers)),
    fail: (error) => outer.fail(error),
  }));
}

/** Breaks off after `bytes`. */
export function truncate(inner: Body, bytes: number): Body {
  return transform(inner, inner.length, (outer) => {
    let left = bytes;
    const breakOff = (): void => {
      const error = new ProxyError('injected-reset', 'truncated by an injected fault');
      inner.cancel(error);
      outer.fail(error);
    };
    return {
      data(chunk) {
        if (chunk.length < left) {
          left -= chunk.length;
          outer.push(chunk);
          return;
        }
        outer.push(chunk.subarray(0, left));
        breakOff();
      },
      end: (trailers) => outer.end(trailers),
      fail: (error) => outer.fail(error),
    };
  });
}
