import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { systemClock } from '@faultline/chassis/clock';
import type { Browser, Page } from 'playwright-core';
import { largeShop } from '../bench/console/large-shop.ts';
import { openStage } from '../bench/console/stage.ts';
import { findChromium, launchChromium } from '../test/support/browser.ts';
import { engineAnswers } from '../test/support/explorer/mesh.ts';
import { startExplorer } from '../test/support/explorer/explorer.ts';
import { madeSeries } from '../test/support/explorer/metrics.ts';
import { root } from './config.ts';

/*
 * Makes the pictures of the console in docs/screenshots: of simulated traffic, so that they look the
 * same on every machine. `--all FOLDER` makes pictures of every view there, in both sizes and both
 * colour schemes, and of a map with 40 nodes: to be looked at before a change of looks is kept.
 */
const { values } = parseArgs({ options: { all: { type: 'string' } } });

const WAIT_MS = 120_000;
/** Some seconds of traffic, and of what follows from it. */
const SETTLE_MS = 6_000;
const HOUR_MS = 3_600_000;
const small = { width: 1280, height: 800 };
const large = { width: 1920, height: 1080 };

type Shot = {
  readonly name: string;
  readonly path: string;
  /** What has to be seen before the picture is taken. */
  readonly ready: (page: Page) => Promise<unknown>;
  /** In docs/screenshots, and in which colours. */
  readonly kept?: 'dark' | 'light';
};

const isBroken = (page: Page) =>
  page
    .getByRole('button', { name: /, origin/ })
    .first()
    .waitFor();
const headed = (name: string) => (page: Page) =>
  page.getByRole('heading', { level: 1, name }).waitFor();

/** Over the simulated shop. */
const shots: readonly Shot[] = [
  { name: 'incident', path: '/', ready: isBroken, kept: 'dark' },
  { name: 'incidents', path: '/incidents', ready: headed('Incidents') },
  { name: 'node', path: '/?node=orders', ready: isBroken },
  { name: 'edge', path: '/?edge=gateway→profiles', ready: isBroken },
  { name: 'break', path: '/?fault=gateway->profiles', ready: isBroken },
  { name: 'rollouts', path: '/rollouts', ready: headed('Rollouts') },
  { name: 'rollout', path: '/rollouts/payments', ready: headed('payments'), kept: 'dark' },
  { name: 'faults', path: '/faults', ready: headed('Faults') },
  { name: 'traces', path: '/traces?service=gateway', ready: headed('Traces') },
  { name: 'trace', path: '/', ready: openEvidence, kept: 'light' },
];

/** Over metrics and an engine that are made. */
const explored: readonly Shot[] = [
  { name: 'services', path: '/services', ready: headed('Services') },
  { name: 'service', path: '/services/payments', ready: headed('payments') },
  { name: 'metrics', path: '/metrics?query=version:requests:rate', ready: headed('Metrics') },
];

const chromium = findChromium();
if (chromium === null) throw new Error('make pictures: there is no Chromium; set CHROMIUM_PATH');
const folder = values.all ?? join(root, 'docs/screenshots');
await mkdir(folder, { recursive: true });
const browser = await launchChromium(chromium);
try {
  await takeShop(browser);
  if (values.all !== undefined) {
    await takeExplored(browser);
    await takeLarge(browser);
  }
} finally {
  await browser.close();
}

async function takeShop(from: Browser): Promise<void> {
  const shop = spawn(process.execPath, [join(root, 'bench/console.ts'), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [url] = await once(createInterface(shop.stdout), 'line');
    for (const shot of shots) await take(from, { ...shot, url: String(url) });
  } finally {
    shop.kill('SIGTERM');
  }
}

async function takeExplored(from: Browser): Promise<void> {
  await using explorer = await startExplorer({ engine: engineAnswers, series: madeSeries });
  for (const shot of explored) await take(from, { ...shot, url: explorer.url });
}

async function takeLarge(from: Browser): Promise<void> {
  const startMs = systemClock.now();
  const brokenAtMs = startMs + 2_000;
  const shop = largeShop({ services: 35, rps: 50, brokenAtMs });
  const stage = { shop, clock: systemClock, startMs, brokenAtMs, forMs: HOUR_MS, isFast: false };
  await using opened = await openStage(stage);
  await take(from, { name: 'large', path: '/', ready: isBroken, url: opened.url });
}

/** The trace that proves what is broken, at the span that failed first. */
async function openEvidence(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'See a request that it hit' }).click();
  await page.getByRole('treegrid', { name: 'Spans' }).focus();
  await page.keyboard.press('e');
  await page.getByRole('complementary', { name: 'Span details' }).waitFor();
}

async function take(from: Browser, shot: Shot & { url: string }): Promise<void> {
  const { name, kept } = shot;
  if (values.all === undefined) {
    if (kept) await shoot(from, shot, { scheme: kept, size: small, file: name });
    return;
  }
  const looks = [
    { scheme: 'dark', size: small },
    { scheme: 'light', size: small },
    { scheme: 'dark', size: large },
  ] as const;
  const all = looks.map(({ scheme, size }) =>
    shoot(from, shot, { scheme, size, file: `${name}-${size.width}-${scheme}` }),
  );
  await Promise.all(all);
}

type Look = { scheme: 'dark' | 'light'; size: typeof small; file: string };

async function shoot(
  from: Browser,
  { url, path, ready }: Shot & { url: string },
  { scheme, size, file }: Look,
): Promise<void> {
  const context = await from.newContext({ viewport: size, colorScheme: scheme });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  await page.goto(new URL(path, url).href);
  await ready(page);
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: join(folder, `${file}.png`) });
  await context.close();
  process.stdout.write(`${join(folder, file)}.png\n`);
}
