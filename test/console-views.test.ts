import { systemClock } from '@faultline/chassis/clock';
import axe from 'axe-core';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { rolloutOf, type RolloutPart } from '../bench/console/rollouts.ts';
import { skip } from '../tools/skip.ts';
import { findChromium, launchChromium } from './support/browser.ts';
import { type Explorer, startExplorer } from './support/explorer/explorer.ts';
import { engineAnswers } from './support/explorer/mesh.ts';
import { madeSeries } from './support/explorer/metrics.ts';
import { hostileTrace, orderTrace, toOtlp, traceIdOf } from './support/explorer/traces.ts';

const [hostile, failed] = [1, 2].map(traceIdOf);
/** What {@link hostileTrace} calls its service. */
const script = hostileTrace[0]?.service ?? '';

const STOPS_MAX = 100;

describe('every view of the console', function () {
  this.timeout(60_000);
  let explorer: Explorer;
  let browser: Browser;
  let page: Page;
  let part: RolloutPart = 'at rest';
  const faults: string[] = [];

  const engine = {
    ...engineAnswers,
    rollouts: () => ({ rollouts: [rolloutOf('payments', part), rolloutOf(script, 'undone')] }),
    'fault-list': () => [
      {
        id: script,
        kind: script,
        target: script,
        share: 100,
        effect: {},
        started_at: new Date(systemClock.now()).toISOString(),
        ends_at: new Date(systemClock.now() + 60_000).toISOString(),
        remaining_ms: 60_000,
      },
    ],
  };

  before(async function () {
    const chromium = findChromium();
    if (chromium === null) skip(this, 'there is no Chromium; install it or set CHROMIUM_PATH');
    [explorer, browser] = await Promise.all([
      startExplorer({ engine, series: madeSeries }),
      launchChromium(chromium),
    ]);
    page = await browser.newPage({
      baseURL: explorer.url,
      colorScheme: 'dark',
      reducedMotion: 'reduce',
      viewport: { width: 1280, height: 800 },
    });
    page.setDefaultTimeout(20_000);
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    const nowMs = systemClock.now();
    await explorer.send(toOtlp(hostile ?? '', nowMs, hostileTrace));
    await explorer.send(toOtlp(failed ?? '', nowMs, orderTrace({ failed: true })));
  });

  after(async () => {
    await browser?.close();
    await explorer?.[Symbol.asyncDispose]();
  });

  const views: readonly { view: string; path: string; heading: string | RegExp }[] = [
    { view: 'the map', path: '/', heading: 'The system, live' },
    { view: 'incidents', path: '/incidents', heading: 'Incidents' },
    { view: 'traces', path: '/traces', heading: 'Traces' },
    { view: 'a trace', path: `/traces/${hostile}`, heading: /./ },
    { view: 'services', path: '/services', heading: 'Services' },
    { view: 'a service', path: `/services/${encodeURIComponent(script)}`, heading: script },
    { view: 'rollouts', path: '/rollouts', heading: 'Rollouts' },
    { view: 'a rollout', path: `/rollouts/${encodeURIComponent(script)}`, heading: script },
    { view: 'faults', path: '/faults', heading: 'Faults' },
    { view: 'metrics', path: '/metrics', heading: 'Metrics' },
  ];

  for (const { view, path, heading } of views) {
    it(`shows what it is told as text, and can be used by all in the dark: ${view}`, async () => {
      await page.goto(path);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
      expect(await findProblems(page)).to.deep.equal([]);
      expect(faults.splice(0)).to.deep.equal([]);
    });
  }

  it('is walked through by Tab alone, with each stop in sight and named', async () => {
    await page.goto('/');
    await page.getByRole('button', { name: /^gateway/ }).waitFor();
    const stops: string[] = [];
    for (let stop = await nextStop(page); stop !== ''; stop = await nextStop(page)) {
      stops.push(stop);
      expect(stops.length, stops.join('\n')).to.be.below(STOPS_MAX);
    }
    expect(stops.filter((stop) => /unnamed|unseen/.test(stop))).to.deep.equal([]);
    for (const name of [/^Skip to/, /^Rollouts/, /^gateway, service/, /^The moment that is/]) {
      expect(
        stops.some((stop) => name.test(stop)),
        `${name} in ${stops.join('; ')}`,
      ).to.equal(true);
    }
  });

  it('moves nothing in the way after which Chromium draws it as it was before', async () => {
    await page.goto('/');
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    expect(await page.evaluate(() => 'moveBefore' in Element.prototype)).to.equal(false);
  });

  it('shows that a rollout goes wrong, is undone, and why, without being asked', async () => {
    await page.goto('/rollouts');
    const card = page.getByRole('listitem').filter({ has: page.getByText('payments') });
    await card.getByText('At rest').waitFor();
    part = 'rolling';
    await card.getByText('Rolling', { exact: true }).waitFor();
    await card.getByRole('img', { name: '30 % go to the new version' }).waitFor();
    await card.getByRole('link', { name: 'payments' }).click();
    await page.getByRole('heading', { level: 1, name: 'payments' }).waitFor();
    await page.getByRole('button', { name: 'Roll back: payments' }).waitFor();
    part = 'undone';
    await page.getByText('1.1.0 was rolled back after 120 requests had met it').waitFor();
    await page.getByRole('img', { name: '0 % go to the new version' }).waitFor();
    const check = page.getByRole('row').filter({ hasText: 'success-rate' }).first();
    await check.filter({ hasText: 'fail' }).filter({ hasText: '71.2' }).waitFor();
    expect(faults).to.deep.equal([]);
  });
});

/** What ran or took shape that should be text, and what axe-core holds to be serious. */
async function findProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    // What axe-core's script defines.
    const { axe: here } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await here.run();
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const isHacked = Reflect.has(globalThis, 'hacked');
    const made = document.querySelectorAll('[onerror], [onload], body script, img');
    const isWide = document.documentElement.scrollWidth > innerWidth;
    return [
      ...grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`),
      ...(isHacked ? ['a script ran'] : []),
      ...[...made].map(({ outerHTML }) => outerHTML),
      ...(isWide ? ['wider than the window'] : []),
    ];
  });
}

/** Presses Tab, and says what has the focus now; nothing after the last. */
async function nextStop(page: Page): Promise<string> {
  await page.keyboard.press('Tab');
  return page.evaluate(() => {
    const focused = document.activeElement ?? document.body;
    if (focused === document.body) return '';
    const { top, bottom, left, right } = focused.getBoundingClientRect();
    const isSeen = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
    const label = focused.getAttribute('aria-label') ?? focused.querySelector('title')?.textContent;
    const name = label ?? focused.textContent.trim();
    return `${name || 'unnamed'}${isSeen ? '' : ', unseen'}`;
  });
}
