import { systemClock } from '@faultline/chassis/clock';
import type { Page } from 'playwright-core';
import { Caller } from './caller.ts';
import { armSight, installSight, readSight, type Seen } from './sight.mjs';

/** How long it took from a call's end until somebody could see it, in ms. */
export type Visible = {
  readonly failed: boolean;
  /** As something that moves on the map. */
  readonly movedMs: number;
  /** In the numbers that stand on the callee. */
  readonly toldMs: number;
};

/** So few that all of their numbers are written. */
const CALLEES = 10;
/** How often the store tells of the system as a whole. */
const FRAME_MS = 300;
const callees = Array.from(
  { length: CALLEES },
  (_, at) => `callee-${String(at + 1).padStart(2, '0')}`,
);
const caller = 'gateway';

/**
 * Lets one service call others, one call after the other, and measures for each how soon it is
 * seen. Calls come alone, so each waits for the whole of its batch: no call can wait longer.
 */
export async function measureVisible(
  page: Page,
  { otlpUrl, samples }: { otlpUrl: string; samples: number },
): Promise<Visible[]> {
  await using service = new Caller(caller, otlpUrl);
  for (const callee of callees) service.call(callee);
  for (const callee of callees) await page.locator(`[data-node="${callee}"]`).waitFor();
  await page.evaluate(installSight);
  const found: Visible[] = [];
  for (let at = 0; at < samples; at++) {
    found.push(
      await measureOne(page, service, {
        callee: callees[at % CALLEES] ?? '',
        failed: at % 2 === 1,
      }),
    );
  }
  return found;
}

async function measureOne(
  page: Page,
  service: Caller,
  { callee, failed }: { callee: string; failed: boolean },
): Promise<Visible> {
  // What earlier calls left behind is gone: nothing moves there, and the numbers are at rest.
  await page.waitForFunction(armSight, { from: caller, to: callee, atEnd: failed });
  // At no moment that depends on when the last one was seen.
  await systemClock.sleep(Math.random() * FRAME_MS);
  service.call(callee, failed ? { status: 503 } : {});
  const endedMs = systemClock.now();
  const handle = await page.waitForFunction(readSight);
  const { movedAt, toldAt } = (await handle.jsonValue()) as Required<Seen>;
  return { failed, movedMs: movedAt - endedMs, toldMs: toldAt - endedMs };
}

/** The value that this share of all, 0 to 1, does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
