import { readFile } from 'node:fs/promises';
import { runLoad } from '@faultline/load/run';
import { eventually } from '@faultline/chassis/testing/eventually';
import axe from 'axe-core';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { skip } from '../tools/skip.ts';
import { findChromium, launchChromium } from './support/browser.ts';
import { type System, watchedSystem } from './support/system.ts';

const REQUESTS_PER_SECOND = 8;
const WAIT_MS = 45_000;
/** What somebody might write into a name to see whether it runs. */
const hostile = `<img src=x onerror="globalThis.pwned=1">`;

describe('the live console', function () {
  this.timeout(180_000);
  const stopLoad = new AbortController();
  let system: System;
  let browser: Browser;
  let url: string;
  let page: Page;
  let loading: Promise<unknown>;
  const faults: string[] = [];

  before(async function () {
    const chromium = findChromium();
    if (chromium === null) skip(this, 'there is no Chromium; install it or set CHROMIUM_PATH');
    [system, browser] = await Promise.all([watchedSystem(), launchChromium(chromium)]);
    url = system.engine.links['Console'] ?? '';
    loading = runLoad({
      target: system.url,
      rps: REQUESTS_PER_SECOND,
      durationMs: 600_000,
      seed: 7,
      graceMs: 1_000,
      signal: stopLoad.signal,
    });
    page = await newPage();
  });

  after(async () => {
    stopLoad.abort();
    await loading;
    await browser?.close();
  });

  async function newPage(): Promise<Page> {
    const context = await browser.newContext({
      baseURL: url,
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(WAIT_MS);
    const opened = await context.newPage();
    opened.on('pageerror', ({ message }) => faults.push(`script: ${message}`));
    opened.on('console', (message) => {
      if (message.type() === 'error') faults.push(`console: ${message.text()}`);
    });
    return opened;
  }

  const node = (name: string, state = '') =>
    page.getByRole('button', { name: new RegExp(`^${name}, \\w+, ${state}`) });

  it('shows the map of the shop, and every view, without an error', async () => {
    await page.goto('/');
    for (const name of ['gateway', 'storefront', 'orders', 'payments', 'catalog', 'postgres']) {
      await node(name).waitFor();
    }
    await looksOver(page);
    for (const name of ['Incidents', 'Rollouts', 'Faults']) {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
      await looksOver(page);
    }
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Rollouts' }).waitFor();
    await page.getByRole('link', { name: 'Faultline, live' }).click();
    expect(faults).to.deep.equal([]);
  });

  it('is usable by the keyboard alone', async () => {
    const gateway = node('gateway');
    await gateway.focus();
    await page.keyboard.press('ArrowDown');
    expect(await gateway.evaluate((element) => element === document.activeElement)).to.equal(false);
    await gateway.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'gateway' }).waitFor();
    const panel = page.getByRole('article', { name: 'gateway' });
    await panel.getByRole('button', { name: /^orders/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'gateway to orders' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { level: 2, name: 'gateway' }).waitFor();
    await node('gateway').focus();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { level: 2, name: 'gateway' }).waitFor({ state: 'detached' });
  });

  it('shows a fault that is added in it as what broke first, and who followed', async () => {
    await page.goto('/?node=catalog');
    await page.getByRole('button', { name: 'Break it …' }).click();
    await page.getByLabel('For how long').fill('10m');
    await page.getByRole('button', { name: 'Break it', exact: true }).click();
    await node('catalog', 'origin').waitFor();
    await node('(storefront|orders|gateway)', 'victim').first().waitFor();
    await page.getByRole('heading', { name: 'How it travelled' }).waitFor();
    const steps = page.getByRole('article', { name: /^Incident/ }).getByRole('listitem');
    expect(await steps.first().textContent()).to.match(/catalog\s*broke/);
    const [firstHit] = await steps.filter({ hasText: /began|became/ }).allTextContents();
    expect(firstHit, 'hit before all others').to.match(/storefront|orders|gateway/);
    const times = await steps.locator('time').evaluateAll((all) => {
      return all.map((one) => Date.parse(one.getAttribute('datetime') ?? ''));
    });
    expect(times, 'in the order in which they were hit').to.deep.equal(
      times.toSorted((a, b) => a - b),
    );
    await looksOver(page);
    await page.getByRole('button', { name: /^error on catalog/ }).waitFor();
  });

  it('shows an earlier moment, and comes back', async () => {
    const slider = page.getByRole('slider', { name: 'The moment that is shown' });
    await slider.focus();
    // The slider shows seconds: back to before it broke, and no further.
    await eventually(async () => {
      await page.keyboard.press('ArrowLeft');
      expect(await node('catalog', 'healthy').count()).to.equal(1);
    });
    expect(new URL(page.url()).searchParams.get('at')).to.match(/^\d+$/);
    await page.getByRole('button', { name: 'Back to live' }).click();
    await node('catalog', 'origin').waitFor();
    await page.reload();
    await node('catalog', 'origin').waitFor();
  });

  it('leads to the evidence, and saves it as a file that Jaeger and it can open', async () => {
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as a file' }).click();
    const saved = await readFile(await (await saving).path(), 'utf8');
    const file = JSON.parse(saved);
    expect(file.data.length).to.be.above(0);
    expect(file.data[0]).to.include.keys('traceID', 'spans', 'processes');
    file.faultline.incidents[0].sentence = hostile;
    for (const frame of file.faultline.frames) {
      for (const one of frame.nodes) if (one.name === 'storefront') one.name = hostile;
      for (const edge of frame.edges) if (edge.to === 'storefront') edge.to = hostile;
    }
    await page.goto('/incidents');
    const buffer = Buffer.from(JSON.stringify(file));
    const upload = { name: `${hostile}.json`, mimeType: 'application/json', buffer };
    await page.getByLabel('A saved incident').setInputFiles(upload);
    await page.getByRole('button', { name: 'Back to live' }).waitFor();
    await page.getByRole('cell', { name: hostile }).first().waitFor();
    await page.getByRole('link', { name: 'Faultline, live' }).click();
    await page.getByRole('button', { name: hostile }).waitFor();
    expect(await page.evaluate(() => 'pwned' in globalThis)).to.equal(false);
    await page.getByRole('button', { name: 'Back to live' }).click();
  });

  it('says when it is over', async () => {
    await page.goto('/faults');
    await page.getByRole('button', { name: /^Clear catalog/ }).click();
    await page.getByText('No fault is on.').waitFor();
    await page.getByRole('link', { name: 'Incidents' }).click();
    const row = page.getByRole('row', { name: /catalog/ }).first();
    await row.getByText('Over', { exact: true }).waitFor();
    expect(faults).to.deep.equal([]);
  });
});

/** Nothing that keeps people from using it, by axe-core, and nothing wider than the window. */
async function looksOver(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    // What axe-core's script defines.
    const { axe: here } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await here.run();
    const isWide = document.documentElement.scrollWidth > innerWidth;
    return [
      ...(isWide ? ['the page is wider than the window'] : []),
      ...violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${JSON.stringify(nodes.map(({ target }) => target))}`),
    ];
  });
  expect(found).to.deep.equal([]);
}
