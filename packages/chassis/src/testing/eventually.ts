import { systemClock } from '../clock.ts';

/**
 * Tries `check` until it stops throwing and resolves to its result; throws its last error after
 * `timeoutMs`. For what happens soon in another task or process.
 */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 15_000): Promise<T> {
  const giveUpMs = systemClock.monotonic() + timeoutMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    try {
      return await check();
    } catch (error) {
      if (systemClock.monotonic() > giveUpMs) throw error;
      await systemClock.sleep(pauseMs);
    }
  }
}
