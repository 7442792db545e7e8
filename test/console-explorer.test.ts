import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { systemClock } from '@faultline/chassis/clock';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { skip } from '../tools/skip.ts';
import { findChromium, launchChromium } from './support/browser.ts';
import { type Explorer, startExplorer } from './support/explorer/explorer.ts';
import { engineAnswers } from './support/explorer/mesh.ts';
import { madeSeries } from './support/explorer/metrics.ts';
import {
  hostileTrace,
  idOf,
  longTrace,
  orderTrace,
  toOtlp,
  traceIdOf,
} from './support/explorer/traces.ts';

const [good, slow, failed, hostile, long] = [1, 2, 3, 4, 5].map(traceIdOf);
const failingSpan = idOf(40);
const SPANS = 10_000;

describe('exploring in the console', function () {
  this.timeout(90_000);
  let explorer: Explorer;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  before(async function () {
    const chromium = findChromium();
    if (chromium === null) skip(this, 'there is no Chromium; install it or set CHROMIUM_PATH');
    [explorer, browser] = await Promise.all([
      startExplorer({ engine: engineAnswers, series: madeSeries }),
      launchChromium(chromium),
    ]);
    await fill(explorer);
    page = await browser.newPage({
      baseURL: explorer.url,
      reducedMotion: 'reduce',
      viewport: { width: 1280, height: 800 },
    });
    page.setDefaultTimeout(20_000);
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) faults.push(message.text());
    });
  });

  afterEach(() => {
    expect(faults.splice(0)).to.deep.equal([]);
  });

  after(async () => {
    await browser?.close();
    await explorer?.[Symbol.asyncDispose]();
  });

  const heading = (name: string | RegExp) =>
    page.getByRole('heading', { level: 1, name }).waitFor();
  const spans = () => page.getByRole('treegrid', { name: 'Spans' });

  it('finds traces by what they are, and says where they failed first', async () => {
    await page.goto('/traces');
    await page.getByLabel('Service').selectOption('payments');
    await page.getByLabel('Errors only').check();
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('status').filter({ hasText: '1 trace, 1 with errors' }).waitFor();
    expect(new URL(page.url()).searchParams.get('errors')).to.equal('only');
    const row = page.getByRole('row').filter({ hasText: 'POST /api/v1/orders' });
    await row.getByRole('link', { name: 'payments pg.query:UPDATE payments' }).click();
    await page.getByRole('complementary', { name: 'Span details' }).waitFor();
    expect(new URL(page.url()).pathname).to.equal(`/traces/${failed}`);
    await page.goBack();
    await row.waitFor();
    await looksOver(page);
  });

  it('says what of a search cannot be understood', async () => {
    await page.goto('/traces?tags=broken');
    await page.getByRole('alert').filter({ hasText: 'expected key=value' }).waitFor();
    await page.getByLabel('Tags').fill('http.route=/api/v1/orders');
    await page.getByLabel('Shortest').fill('1s');
    await page.getByLabel('Tags').press('Enter');
    await page
      .getByRole('status')
      .filter({ hasText: /^1 trace/ })
      .waitFor();
    await page.getByRole('button', { name: 'Reset' }).click();
    await page
      .getByRole('status')
      .filter({ hasText: /^5 traces/ })
      .waitFor();
  });

  it('shows a trace from the failing span to folded sidecars, by keyboard alone', async () => {
    await page.goto(`/traces/${failed}`);
    await page.getByText('It failed at payments 1.1.0').waitFor();
    await spans().focus();
    await page.keyboard.press('e');
    const details = page.getByRole('complementary', { name: 'Span details' });
    await details.getByText('deadlock_detected').first().waitFor();
    await page.waitForURL(`**/traces/${failed}?span=${failingSpan}`);
    await page.keyboard.press('ArrowLeft');
    await details.getByRole('heading', { name: 'POST /payments' }).waitFor();
    await page.keyboard.press('ArrowLeft');
    expect(await spans().getByRole('row').count()).to.equal(6);
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Show 8 sidecar spans' }).press('Enter');
    await spans()
      .getByRole('row', { name: /linkerd-proxy/ })
      .first()
      .waitFor();
    await looksOver(page);
  });

  it('follows an order over its queue', async () => {
    await page.goto(`/traces/${good}`);
    await spans()
      .getByRole('row', { name: /notifications process orders.events queue/ })
      .click();
    await page.getByRole('button', { name: 'orders: publish orders.events' }).click();
    await page.getByRole('heading', { name: 'publish orders.events' }).waitFor();
  });

  it('shows where the time went', async () => {
    await page.goto(`/traces/${slow}?view=flame`);
    const frame = page.getByRole('button', { name: /^payments pg.query:UPDATE payments/ });
    await frame.click();
    await page.getByRole('button', { name: 'Show in the timeline' }).waitFor();
    await looksOver(page);
    await page.getByRole('link', { name: 'Statistics' }).click();
    const first = page.getByRole('row').nth(1);
    await first.filter({ hasText: 'payments pg.query:UPDATE payments' }).waitFor();
    await page.getByLabel('Group by').selectOption('service');
    await page.getByRole('row').nth(4).waitFor();
    await looksOver(page);
  });

  it('compares two traces that are ticked', async () => {
    await page.goto('/traces?tags=http.route%3D/api/v1/orders&sort=duration');
    const ticks = page.getByRole('checkbox', { name: /^Compare gateway/ });
    await ticks.first().check();
    await ticks.last().check();
    await page.getByRole('button', { name: 'Compare the two' }).click();
    await page.getByRole('region', { name: 'Differences' }).waitFor();
    await page.getByLabel('Only differences').check();
    const mail = page.getByRole('row').filter({ hasText: 'process orders.events' });
    await mail.filter({ hasText: /only in the (first|second)/ }).waitFor();
    await looksOver(page);
  });

  it('says that a trace is gone, and what to do', async () => {
    await page.goto(`/traces/${'b'.repeat(32)}`);
    await page.getByRole('alert').filter({ hasText: 'no such trace' }).waitFor();
    await page.getByRole('link', { name: 'Search for traces' }).click();
    await heading('Traces');
  });

  it('keeps what spans say from being more than text', async () => {
    await page.goto(`/traces/${hostile}?span=${idOf(1)}`);
    const details = page.getByRole('complementary', { name: 'Span details' });
    await details.getByText('javascript:window.hacked=true').waitFor();
    const links = await details
      .getByRole('link')
      .evaluateAll((all) => all.flatMap((link) => link.getAttribute('href') ?? []));
    expect(links.filter((href) => /^(javascript|data):/i.test(href))).to.deep.equal([]);
    expect(links).to.include('https://example.com/?q=%3Cscript%3E');
    for (const view of ['flame', 'statistics', 'events']) {
      await page.goto(`/traces/${hostile}?view=${view}`);
      await page.getByText('<img src=x').first().waitFor();
    }
    expect(await page.evaluate(() => Reflect.get(globalThis, 'hacked'))).to.equal(undefined);
  });

  it('walks through ten thousand spans with few of them on the page', async () => {
    await page.goto(`/traces/${long}`);
    await spans().focus();
    await page.keyboard.press('End');
    await page.getByRole('complementary', { name: 'Span details' }).waitFor();
    expect(await spans().getAttribute('aria-rowcount')).to.equal(String(SPANS));
    expect(await spans().getByRole('row').count()).to.be.below(80);
    await spans().getByRole('row', { selected: true }).waitFor();
    await page.keyboard.press('e');
    await spans()
      .getByRole('row', { name: `part ${SPANS - 7}` })
      .waitFor();
  });

  it('tells all about a service', async () => {
    await page.goto('/services');
    await page.getByRole('link', { name: 'payments' }).click();
    await heading('payments');
    await page.getByText('orders may call it, proved by mTLS.').waitFor();
    await page.getByText('Goes 90 % to payments-primary and 10 % to payments-canary.').waitFor();
    await page.getByText(/fails 7 times in a row/).waitFor();
    const routes = page.getByRole('region', { name: 'Routes' });
    await routes.getByRole('row').filter({ hasText: 'POST /payments' }).first().waitFor();
    const instances = page.getByRole('region', { name: 'Instances' });
    await instances.getByRole('row').filter({ hasText: 'CrashLoopBackOff' }).waitFor();
    await page.getByRole('figure', { name: /^Requests a second of payments/ }).waitFor();
    await page.getByText('40 % left, going 3.0 times too fast').waitFor();
    await page.getByText('services/payments/deploy/payments.yaml').click();
    await page.getByText('kind: Deployment').waitFor();
    await looksOver(page);
  });

  it('asks Prometheus what is typed, completed from what there is', async () => {
    await page.goto('/metrics');
    const editor = page.getByRole('textbox', { name: 'PromQL query' });
    await page.locator('.cm-editor').waitFor();
    await editor.pressSequentially('version:req');
    await page.getByRole('option', { name: 'version:requests:rate' }).click();
    await editor.press('Enter');
    await page.getByRole('figure', { name: 'Graph of version:requests:rate' }).waitFor();
    expect(new URL(page.url()).searchParams.get('query')).to.equal('version:requests:rate');
    await page.getByRole('button', { name: 'Table' }).click();
    await page.getByRole('cell', { name: '1.1.0' }).waitFor();
    await looksOver(page);
    await page.goto('/metrics?query=oops');
    await page.getByRole('alert').filter({ hasText: 'parse error' }).waitFor();
  });
});

async function fill(explorer: Explorer): Promise<void> {
  const nowMs = systemClock.now();
  const traces = [
    orderTrace(),
    orderTrace({ slowMs: 1_000 }),
    orderTrace({ failed: true }),
    hostileTrace,
    longTrace(SPANS),
  ];
  for (const [index, spans] of traces.entries()) {
    await explorer.send(toOtlp(traceIdOf(index + 1), nowMs - 60_000 + index * 1_000, spans));
  }
}

/** Nothing that keeps people from using it, by axe-core; nothing wider than the window. */
async function looksOver(page: Page): Promise<void> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
  await page.evaluate(source);
  const found: unknown = await page.evaluate(async () => {
    // What axe-core's script defines.
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Found[] }> } };
    type Found = { id: string; impact: string; nodes: { html: string }[] };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  });
  expect(found).to.deep.equal([]);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow, 'pixels wider than the window').to.be.at.most(0);
}
