import type { CDPSession, Page } from 'playwright-core';
import { countFrames, framesSince } from './page-speed.mjs';

/** What it takes to draw, as long as it is measured. */
export type FrameRate = {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the time, how much the page's own thread was at work: 0 to 1. */
  readonly busy: number;
};

/** What the page holds on to once all that is garbage is collected. */
export type Held = {
  readonly heapMb: number;
  readonly elements: number;
  readonly listeners: number;
};

/** Counts frames for `forMs`. */
export async function measureFrames(page: Page, forMs: number): Promise<FrameRate> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const before = await workOf(session);
  await page.evaluate(countFrames);
  const found = await page.waitForFunction(framesSince, forMs, { polling: 250 });
  const frames = await found.jsonValue();
  const after = await workOf(session);
  await session.detach();
  if (frames === false) throw new Error('count frames: the page counted none');
  const busy = (after.taskSeconds - before.taskSeconds) / (after.atSeconds - before.atSeconds);
  return { ...frames, busy };
}

async function workOf(session: CDPSession): Promise<{ atSeconds: number; taskSeconds: number }> {
  const { metrics } = await session.send('Performance.getMetrics');
  const value = (name: string) => metrics.find((one) => one.name === name)?.value ?? 0;
  return { atSeconds: value('Timestamp'), taskSeconds: value('TaskDuration') };
}

/** Collects garbage, and counts what is left. */
export async function measureHeld(page: Page): Promise<Held> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters');
  await session.detach();
  return { heapMb: usedSize / 2 ** 20, elements: nodes, listeners: jsEventListeners };
}
