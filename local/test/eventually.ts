import { setTimeout as delay } from 'node:timers/promises';

/** Polls until `check` answers something other than `undefined` or `false`; its answer. */
export async function eventually<T>(
  what: string,
  check: () => T | Promise<T>,
  { withinMs = 10_000 } = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await check();
    // Both excluded values have just been excluded.
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(20);
  }
}
