import { parseArgs } from 'node:util';
import { systemClock } from '@faultline/chassis/clock';
import type { Browser, Page } from 'playwright-core';
import { formatTable } from '../local/src/ui/table.ts';
import { findChromium, launchChromium } from '../test/support/browser.ts';
import { startExplorer } from '../test/support/explorer/explorer.ts';
import { largeShop } from './console/large-shop.ts';
import { type Held, measureFrames, measureHeld } from './console/page-speed.ts';
import { firstPaint } from './console/page-speed.mjs';
import { openStage } from './console/stage.ts';
import { measureVisible, quantile } from './console/visible.ts';

/*
 * How fast the console is: from a span's end to what is seen of it, frames a second under load,
 * first paint, and what an hour of looking at it leaves in memory. Numbers mean something on a
 * machine that does nothing else; Chromium draws in software here.
 */
const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '60' },
    services: { type: 'string', default: '30' },
    rps: { type: 'string', default: '500' },
    only: { type: 'string', default: 'visible,frames,memory' },
  },
});
const services = Number(values.services);
const rps = Number(values.rps);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const FRAMES_FOR_MS = 10_000;
const STEP_MS = 5 * MINUTE_MS;
const size = { width: 1280, height: 800 };

const chromium = findChromium();
if (chromium === null) throw new Error('measure the console: there is no Chromium');
const browser = await launchChromium(chromium);
const parts = { visible, frames, memory };
try {
  for (const [name, part] of Object.entries(parts)) {
    if (values.only.split(',').includes(name)) await part(browser);
  }
} finally {
  await browser.close();
}

async function open(from: Browser, url: string): Promise<Page> {
  const page = await from.newPage({ viewport: size });
  await page.goto(url);
  return page;
}

/** From a span's end to what somebody sees of it. */
async function visible(from: Browser): Promise<void> {
  await using explorer = await startExplorer({ engine: {}, series: [] });
  const page = await open(from, explorer.url);
  const { otlpUrl } = explorer;
  const found = await measureVisible(page, { otlpUrl, samples: Number(values.samples) });
  await page.close();
  const row = (name: string, ms: readonly number[]) => {
    return [name, ...[0.5, 0.95, 1].map((share) => `${Math.round(quantile(ms, share))} ms`)];
  };
  const moved = (wanted: boolean) =>
    found.flatMap(({ failed, movedMs }) => (failed === wanted ? movedMs : []));
  const told = found.map(({ toldMs }) => toldMs);
  show([
    ['from a span’s end to', 'p50', 'p95', 'most'],
    row('a call that moves', moved(false)),
    row('a failure that moves', moved(true)),
    row('the numbers', told),
  ]);
}

/** Frames a second, with calls and failures moving and an incident open; and the first paint. */
async function frames(from: Browser): Promise<void> {
  const startMs = systemClock.now();
  const brokenAtMs = startMs + 1_000;
  const shop = largeShop({ services, rps, brokenAtMs });
  const common = { shop, clock: systemClock, startMs, brokenAtMs, isFast: false };
  await using stage = await openStage({ ...common, forMs: HOUR_MS });
  const page = await open(from, stage.url);
  const paint = await (await page.waitForFunction(firstPaint)).jsonValue();
  await page.getByRole('button', { name: /, origin/ }).waitFor();
  const { perSecond, p50Ms, p99Ms, busy } = await measureFrames(page, FRAMES_FOR_MS);
  await page.close();
  show([
    [`${services} services, ${rps} requests a second each`, ''],
    ['frames a second', perSecond.toFixed(1)],
    ['a frame takes, p50', `${p50Ms.toFixed(1)} ms`],
    ['a frame takes, p99', `${p99Ms.toFixed(1)} ms`],
    ['of the page’s thread in use', `${Math.round(busy * 100)} %`],
    ['first paint', paint === false ? '-' : `${Math.round(paint.paintMs)} ms`],
    ['the map stands', paint === false ? '-' : `${Math.round(paint.mapMs)} ms`],
  ]);
}

/** What is held in memory while an hour of events is played as fast as the page takes it. */
async function memory(from: Browser): Promise<void> {
  const startMs = systemClock.now() - HOUR_MS;
  const brokenAtMs = startMs + 10 * MINUTE_MS;
  const shop = largeShop({ services, rps, brokenAtMs });
  const held: (Held & { minutes: number })[] = [];
  const page = await from.newPage({ viewport: size });
  const played = Promise.withResolvers<void>();
  const onBeat = async (passedMs: number) => {
    if (passedMs % STEP_MS !== 0 || passedMs === 0) return;
    held.push({ ...(await measureHeld(page)), minutes: passedMs / MINUTE_MS });
    if (passedMs >= HOUR_MS) played.resolve();
  };
  const common = { shop, clock: systemClock, startMs, brokenAtMs, isFast: true };
  await using stage = await openStage({ ...common, forMs: HOUR_MS, onBeat });
  await page.goto(stage.url);
  await played.promise;
  await page.close();
  show([
    ['minutes played', 'heap', 'nodes of the page', 'listeners'],
    ...held.map(({ minutes, heapMb, elements, listeners }) => {
      return [String(minutes), `${heapMb.toFixed(1)} MB`, String(elements), String(listeners)];
    }),
  ]);
}

function show(rows: string[][]): void {
  process.stdout.write(`${formatTable(rows)}\n`);
}
