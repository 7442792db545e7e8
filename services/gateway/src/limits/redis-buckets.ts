import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type Decision, decisionOf, type Rate } from './token-bucket.ts';

/**
 * The same arithmetic as `takeToken`, in one step that all replicas share, by Redis' own clock.
 * KEYS: bucket. ARGV: tokens per second, burst. Returns whether one was taken, and thousandths left.
 */
const SCRIPT = `
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]) or burst, tonumber(bucket[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) / 1000 * rate)
local allowed = 0
if tokens >= 1 then
  allowed = 1
  tokens = tokens - 1
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return {allowed, math.floor(tokens * 1000)}
`;
const SHA = createHash('sha1').update(SCRIPT).digest('hex');

/** Takes a token from the bucket `key` in Redis. */
export async function takeFromRedis(redis: Redis, key: string, rate: Rate): Promise<Decision> {
  const parameters: [number, string, number, number] = [1, key, rate.perSecond, rate.burst];
  const reply: unknown = await redis.evalsha(SHA, ...parameters).catch((error: unknown) => {
    // A restarted Redis has forgotten its scripts.
    if (error instanceof Error && error.message.startsWith('NOSCRIPT')) {
      return redis.eval(SCRIPT, ...parameters);
    }
    throw error;
  });
  if (!Array.isArray(reply)) throw new TypeError('the rate limit script returned no list');
  return decisionOf({ allowed: reply[0] === 1, left: Number(reply[1]) / 1_000 }, rate);
}
