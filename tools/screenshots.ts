import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Browser, Page } from 'playwright-core';
import { findChromium, launchChromium } from '../test/support/browser.ts';
import { root } from './config.ts';

/*
 * Makes the pictures of the console in docs/screenshots: of simulated traffic, so that they look the
 * same on every machine.
 */
const PORT = '8098';
const WAIT_MS = 120_000;
const sizes = { width: 1280, height: 800 };

type Shot = {
  readonly name: string;
  readonly path: string;
  readonly scheme: 'dark' | 'light';
  /** What has to be seen before the picture is taken. */
  readonly ready: (page: Page) => Promise<unknown>;
};

const isBroken = (page: Page) =>
  page
    .getByRole('button', { name: /, origin/ })
    .first()
    .waitFor({ timeout: WAIT_MS });
const headed = (name: string) => (page: Page) =>
  page.getByRole('heading', { level: 1, name }).waitFor({ timeout: WAIT_MS });

const shots: readonly Shot[] = [
  { name: 'incident', path: '/', scheme: 'dark', ready: isBroken },
  { name: 'incident-light', path: '/', scheme: 'light', ready: isBroken },
  { name: 'rollouts', path: '/rollouts', scheme: 'dark', ready: headed('Rollouts') },
  { name: 'faults', path: '/faults', scheme: 'light', ready: headed('Faults') },
  { name: 'traces', path: '/traces?service=gateway', scheme: 'dark', ready: headed('Traces') },
];

const chromium = findChromium();
if (chromium === null) throw new Error('make pictures: there is no Chromium; set CHROMIUM_PATH');
const folder = join(root, 'docs/screenshots');
await mkdir(folder, { recursive: true });
const shop = spawn(process.execPath, [join(root, 'bench/console.ts'), '--port', PORT], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [url] = await once(createInterface(shop.stdout), 'line');
const browser = await launchChromium(chromium);
try {
  for (const shot of shots) await take(browser, shot);
} finally {
  await browser.close();
  shop.kill('SIGTERM');
}

async function take(from: Browser, { name, path, scheme, ready }: Shot): Promise<void> {
  const context = await from.newContext({ viewport: sizes, colorScheme: scheme });
  const page = await context.newPage();
  await page.goto(new URL(path, String(url)).href);
  await ready(page);
  // Some seconds of traffic, and of what follows from it.
  await page.waitForTimeout(6_000);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await context.close();
  process.stdout.write(`docs/screenshots/${name}.png\n`);
}
