import { eventually } from '@faultline/chassis/testing/eventually';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Locator,
  type Page,
} from 'playwright-core';
import { browser as wanted } from '../../tools/setup/facts.mjs';
import { isExecutable, which } from '../../tools/setup/files.mjs';
import { describeFocus, findFaults } from './page-script.mjs';

const timeoutMs = 20_000;
/** More than any page has of places to stop at. */
const stopsMax = 200;
const scrollMs = 1_000;

/** The system's Chromium, or what stands in for it; null when there is none. */
export function findChromium(): string | null {
  const { commands, places = [] } = wanted;
  const onPath = commands.map((command) => which(command, process.env['PATH'] ?? ''));
  const found = [process.env['CHROMIUM_PATH'], ...onPath, ...places.filter(isExecutable)];
  return found.find(Boolean) ?? null;
}

/** Starts Chromium, without anything of its own that would use the network. */
export function launchChromium(executablePath: string): Promise<Browser> {
  const off = ['background-networking', 'component-update', 'gpu', 'quic', 'sync'];
  return chromium.launch({
    executablePath,
    timeout: timeoutMs,
    args: ['--no-sandbox', '--no-first-run', ...off.map((feature) => `--disable-${feature}`)],
  });
}

/** Somebody with a browser of their own, who looks over every page they come to. */
export class Visitor implements AsyncDisposable {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #url: string;
  readonly #faults: string[] = [];
  readonly #expected = new Set<number>();
  #pageLoads = 0;

  private constructor(context: BrowserContext, { page, url }: { page: Page; url: string }) {
    this.#context = context;
    this.#url = url;
    this.page = page;
    this.#watch();
  }

  static async arrive(
    browser: Browser,
    { url, ...options }: BrowserContextOptions & { url: string },
  ): Promise<Visitor> {
    const context = await browser.newContext({ baseURL: url, reducedMotion: 'reduce', ...options });
    context.setDefaultTimeout(timeoutMs);
    return new Visitor(context, { page: await context.newPage(), url });
  }

  /** How many documents were loaded so far. */
  get pageLoads(): number {
    return this.#pageLoads;
  }

  /** From now on brings these cookies, as somebody who has signed in before. */
  async brings(cookies: Readonly<Record<string, string>>): Promise<void> {
    const all = Object.entries(cookies).map(([name, value]) => ({ name, value, url: this.#url }));
    await this.#context.addCookies(all);
  }

  /** From now on takes pages with this error status for what they should be. */
  expects(status: number): void {
    this.#expected.add(status);
  }

  /** Opens an address of the shop. */
  async opens(path: string): Promise<void> {
    await this.page.goto(path);
    await this.looksOver();
  }

  /** Waits for the page with this headline and looks it over. */
  async sees(headline: string | RegExp): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name: headline }).waitFor();
    await this.looksOver();
  }

  /** Waits until the page tells this, as a screen reader would: in its status or an alert. */
  async hears(text: string): Promise<void> {
    const { page } = this;
    const told = page.getByRole('status').or(page.getByRole('alert'));
    await told.filter({ hasText: text }).first().waitFor();
  }

  async follows(link: string): Promise<void> {
    await this.page.getByRole('link', { name: link }).first().click();
  }

  async presses(button: string | RegExp): Promise<void> {
    await this.page.getByRole('button', { name: button }).first().click();
  }

  /** Types into the fields with these labels. */
  async fills(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [label, text] of Object.entries(fields)) {
      await this.page.getByLabel(label, { exact: true }).fill(text);
    }
  }

  /** Throws with everything that is wrong with this page or went wrong on the way to it. */
  async looksOver(): Promise<void> {
    await this.page.waitForLoadState();
    const found: unknown = await this.page.evaluate(findFaults);
    const faults = [...this.#faults.splice(0), ...[found].flat().map(String)];
    if (faults.length === 0) return;
    throw new Error(`${this.page.url()} has ${faults.length} faults:\n${faults.join('\n')}`);
  }

  /** Presses Tab until the element has the focus, which must be in sight at every stop. */
  async tabsTo(target: Locator): Promise<void> {
    await target.waitFor();
    for (let stops = 0; stops < stopsMax; stops++) {
      await this.page.keyboard.press('Tab');
      if (await this.#stopsAt(target)) return;
    }
    throw new Error(`${this.page.url()}: Tab never reaches ${String(target)}`);
  }

  /** Tabs to a link or button and presses Enter. */
  async enters(role: 'link' | 'button', name: string): Promise<void> {
    await this.tabsTo(this.page.getByRole(role, { name }).first());
    await this.page.keyboard.press('Enter');
  }

  /** Tabs to the fields with these labels, one after the other, and types. */
  async types(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [label, text] of Object.entries(fields)) {
      await this.tabsTo(this.page.getByLabel(label, { exact: true }));
      await this.page.keyboard.type(text);
    }
  }

  /** The address that is shown, once it is one that fits. */
  async isAt(pattern: RegExp): Promise<URL> {
    return eventually(() => {
      const url = new URL(this.page.url());
      if (pattern.test(url.pathname)) return url;
      throw new Error(`the browser is at ${url.pathname}, expected ${pattern}`);
    }, timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }

  /** Whether the element has the focus, once whatever has it can be seen. */
  #stopsAt(target: Locator): Promise<boolean> {
    // A page scrolls to the focus a moment after it has moved.
    return eventually(async () => {
      const { there, fault } = await target.evaluate(describeFocus);
      if (fault !== '') throw new Error(`focus on ${this.page.url()}: ${fault}`);
      return there;
    }, scrollMs);
  }

  #watch(): void {
    const { page } = this;
    page.on('domcontentloaded', () => this.#pageLoads++);
    page.on('pageerror', (error) => this.#faults.push(`script: ${error.message}`));
    page.on('console', (message) => {
      // Replies with an error status are told of below, with their address.
      const isFault = message.type() === 'error' && !message.text().startsWith('Failed to load');
      if (isFault) this.#faults.push(`console: ${message.text()}`);
    });
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText ?? 'no reason';
      // Aborted: by leaving the page, or by a script that wants something newer.
      if (reason !== 'net::ERR_ABORTED') this.#faults.push(`${reason}: ${request.url()}`);
    });
    page.on('response', (response) => {
      const status = response.status();
      const isExpected = response.request().isNavigationRequest() && this.#expected.has(status);
      if (status >= 400 && !isExpected) this.#faults.push(`${status}: ${response.url()}`);
    });
  }
}
