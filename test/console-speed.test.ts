import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { systemClock } from '@faultline/chassis/clock';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { largeShop } from '../bench/console/large-shop.ts';
import { measureFrames } from '../bench/console/page-speed.ts';
import { firstPaint, nothingMoves } from '../bench/console/page-speed.mjs';
import { openStage } from '../bench/console/stage.ts';
import { measureVisible, quantile } from '../bench/console/visible.ts';
import { root } from '../tools/config.ts';
import { skip } from '../tools/skip.ts';
import { findChromium, launchChromium } from './support/browser.ts';
import { startExplorer } from './support/explorer/explorer.ts';

const SAMPLES = 5;
const SEEN_MS_MAX = 1_000;
const BUNDLE_BYTES_MAX = 250_000;
/** The machine does much else meanwhile; `npm run bench:console` measures what the console can do. */
const PAINT_MS_MAX = 5_000;
const FRAMES_PER_SECOND_MIN = 15;
const SMOOTH_WITHIN_MS = 25_000;
const ATTEMPTS = 3;
const HOUR_MS = 3_600_000;

describe('how fast the console is', function () {
  this.timeout(60_000);
  let browser: Browser;

  before(async function () {
    const chromium = findChromium();
    if (chromium === null) skip(this, 'there is no Chromium; install it or set CHROMIUM_PATH');
    browser = await launchChromium(chromium);
  });

  after(async () => {
    await browser?.close();
  });

  async function open(url: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(20_000);
    await page.goto(url);
    return page;
  }

  it('shows a call, and a failure, within a second of its end', async function () {
    this.retries(ATTEMPTS - 1);
    await using explorer = await startExplorer({ engine: {}, series: [] });
    const page = await open(explorer.url);
    const { otlpUrl } = explorer;
    const found = await measureVisible(page, { otlpUrl, samples: SAMPLES });
    const moved = found.map(({ movedMs }) => movedMs);
    const told = found.map(({ toldMs }) => toldMs);
    expect(quantile(moved, 0.95), 'ms until it moves on the map').to.be.below(SEEN_MS_MAX);
    expect(quantile(told, 0.95), 'ms until the numbers tell').to.be.below(SEEN_MS_MAX);
    await page.close();
  });

  it('paints soon, stays smooth with 30 services at 500 requests a second, and still if asked to', async () => {
    const startMs = systemClock.now();
    const brokenAtMs = startMs;
    const shop = largeShop({ services: 30, rps: 500, brokenAtMs });
    const options = { shop, startMs, brokenAtMs, forMs: HOUR_MS, isFast: false };
    await using stage = await openStage({ ...options, clock: systemClock });
    const page = await open(stage.url);
    const paint = await (await page.waitForFunction(firstPaint)).jsonValue();
    expect(paint).to.have.property('paintMs').below(PAINT_MS_MAX);
    await page.getByRole('button', { name: /, origin/ }).waitFor();
    // What else the machine does at this moment is not the page's doing.
    await eventually(async () => {
      const { perSecond } = await measureFrames(page, 1_500);
      expect(perSecond).to.be.above(FRAMES_PER_SECOND_MIN);
    }, SMOOTH_WITHIN_MS);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.waitForFunction(nothingMoves);
    await page.close();
  });

  it('is bundled into no more than may be loaded, all views together', async () => {
    const folder = join(root, 'observability/console/dist');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.js'));
    const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
    const total = files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
    expect(total, 'bytes, compressed by gzip').to.be.within(1, BUNDLE_BYTES_MAX);
  });
});
