/** So many a second on average, and up to `burst` at once. */
export type Rate = { perSecond: number; burst: number };

/** What a bucket answers. `resetSeconds`: when it is full again; `retrySeconds`: when one is there. */
export type Decision = {
  allowed: boolean;
  remaining: number;
  resetSeconds: number;
  retrySeconds: number;
};

/** Tokens left at a time (milliseconds of any monotonic clock). */
export type Bucket = { tokens: number; atMs: number };

/** Takes one token from a bucket that has filled up since; undefined is a full one. */
export function takeToken(
  bucket: Bucket | undefined,
  rate: Rate,
  nowMs: number,
): { bucket: Bucket; decision: Decision } {
  const { tokens, atMs } = bucket ?? { tokens: rate.burst, atMs: nowMs };
  const elapsedSeconds = Math.max(0, nowMs - atMs) / 1_000;
  const filled = Math.min(rate.burst, tokens + elapsedSeconds * rate.perSecond);
  const allowed = filled >= 1;
  const left = allowed ? filled - 1 : filled;
  return { bucket: { tokens: left, atMs: nowMs }, decision: decisionOf({ allowed, left }, rate) };
}

/** What to tell the client of a bucket that now holds `left` tokens. */
export function decisionOf(
  { allowed, left }: { allowed: boolean; left: number },
  { perSecond, burst }: Rate,
): Decision {
  return {
    allowed,
    remaining: Math.floor(left),
    resetSeconds: Math.ceil((burst - left) / perSecond),
    retrySeconds: Math.max(1, Math.ceil((1 - left) / perSecond)),
  };
}
