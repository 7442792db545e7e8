import { randomUUID } from 'node:crypto';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { skip } from '../tools/skip.ts';
import { findChromium, launchChromium, Visitor } from './support/browser.ts';
import { requireInvariants } from './support/settle.ts';
import { type Customer, Shop } from './support/shop.ts';
import { sharedSystem, type System } from './support/system.ts';

const address = {
  'Full name': 'Ann Browser',
  'Street and number': '1 Chromium Lane',
  'Postal code': '22100',
  City: 'Lund',
};
const working = 'We are working on your order';
const confirmed = 'Your order is confirmed';
const cards = {
  declined: 'Test card that is declined',
  good: 'Test card that works',
};

describe('in a browser', function () {
  this.timeout(90_000);
  let system: System;
  let shop: Shop;
  let browser: Browser | undefined;

  before(async function () {
    const chromium = findChromium();
    if (chromium === null) skip(this, 'there is no Chromium; install it or set CHROMIUM_PATH');
    [system, browser] = await Promise.all([sharedSystem(), launchChromium(chromium)]);
    shop = new Shop(system);
    await shop.stocks({ zither: 50 });
  });

  after(async () => {
    await browser?.close();
  });

  describe('somebody with scripts', () => {
    it('searches while typing, signs up, buys, and watches the order, also without scripts', async () => {
      await using ann = await arrive();
      await findsWhileTyping(ann);
      await ann.follows('Tested zither');
      await fillsTheBasket(ann);
      await signsUp(ann);
      await ann.fills(address);
      await using bob = await arrive({
        javaScriptEnabled: false,
        storageState: await ann.page.context().storageState(),
      });
      const loads = await whileInventoryIsAway(async () => {
        await ann.presses('Place order');
        const { pathname } = await ann.isAt(/^\/orders\/[^/]+$/);
        await bob.page.goto(pathname);
        await Promise.all([ann.hears(working), bob.hears(working)]);
        return { ann: ann.pageLoads, bob: bob.pageLoads };
      });
      await Promise.all([ann.hears(confirmed), bob.hears(confirmed)]);
      expect(ann.pageLoads).to.equal(loads.ann);
      expect(bob.pageLoads).to.be.above(loads.bob);
      await ann.looksOver();
      await bob.looksOver();
    });

    it('narrows a category down without leaving the page, and can come back to that', async () => {
      await using ann = await arrive();
      await ann.opens('/categories/lamps');
      const { pageLoads } = ann;
      const products = ann.page.locator('.products li');
      const before = await products.count();
      const box = ann.page.getByRole('group').getByRole('checkbox').first();
      await box.check();
      await ann.page.getByRole('list', { name: 'Filters that are on' }).waitFor();
      await ann.looksOver();
      expect(await products.count()).to.be.within(1, before - 1);
      expect(ann.pageLoads).to.equal(pageLoads);
      const { search } = new URL(ann.page.url());
      expect(search).to.match(/[?&]attr\./);
      const narrowed = await products.count();
      await ann.page.reload();
      await ann.looksOver();
      expect(await box.isChecked()).to.equal(true);
      expect(await products.count()).to.equal(narrowed);
    });

    it('is told that a card is declined, and pays with another', async () => {
      await using ann = await arrive();
      await ann.brings((await shop.customer()).cookies);
      await ann.opens(`/products/${shop.product('zither').slug}`);
      await ann.presses('Add to basket');
      await ann.follows('Check out');
      await ann.sees('Check out');
      await ann.fills(address);
      await ann.page.getByLabel(cards.declined).check();
      ann.expects(402);
      await ann.presses('Place order');
      await ann.hears('declined');
      await ann.looksOver();
      await ann.page.getByLabel(cards.good).check();
      await ann.presses('Place order');
      await ann.sees(/^Order /);
      await ann.hears(confirmed);
    });

    it('keeps an account: name, addresses, orders, and the way out', async () => {
      const customer = await shop.customer();
      const { id } = await customer.orders({ zither: 1 });
      await using ann = await arrive();
      await ann.opens('/orders');
      await signsIn(ann, customer.credentials);
      await ann.sees('Your orders');
      await ann.follows(`Order ${numberOf(id)}`);
      await ann.presses('Cancel order');
      await ann.hears('Your order is cancelled');
      await ann.looksOver();
      await ann.follows('Account');
      await ann.sees('Your account');
      await ann.fills({ 'Your name': 'Ann Renamed' });
      await ann.presses('Save name');
      await ann.hears('Your name was changed.');
      await ann.page.getByText('Add an address').click();
      await ann.fills(address);
      await ann.presses('Save address');
      await ann.hears('The address was added.');
      await ann.looksOver();
      await ann.presses(/^Remove Ann Browser, 1 Chromium Lane/);
      await ann.hears('The address was removed.');
      await ann.presses('Sign out');
      await ann.page.getByRole('link', { name: 'Sign in' }).waitFor();
      await ann.opens('/account');
      await ann.sees('Sign in');
    });
  });

  it('sells to somebody without scripts', async () => {
    await using ann = await arrive({ javaScriptEnabled: false });
    await ann.opens('/');
    await ann.fills({ 'Search products': 'zither' });
    await ann.presses('Search');
    await ann.sees('Results for “zither”');
    await ann.follows('Tested zither');
    await fillsTheBasket(ann);
    await signsUp(ann);
    await ann.fills(address);
    await ann.presses('Place order');
    await ann.sees(/^Order /);
    await ann.hears(confirmed);
  });

  it('sells to a keyboard, whose focus is always in sight', async () => {
    await using ann = await arrive();
    await ann.opens('/');
    await ann.enters('link', 'Skip to content');
    await ann.opens('/');
    await ann.types({ 'Search products': 'zither\n' });
    await ann.sees('Results for “zither”');
    await ann.enters('link', 'Tested zither');
    await ann.sees('Tested zither');
    await ann.enters('button', 'Add to basket');
    await ann.sees('Your basket');
    await ann.enters('link', 'Check out');
    await ann.sees('Sign in');
    await ann.enters('link', 'Create an account');
    await ann.sees('Create an account');
    await ann.types(newcomer());
    await ann.enters('button', 'Create account');
    await ann.sees('Check out');
    await ann.types(address);
    await ann.tabsTo(ann.page.getByLabel(cards.good));
    await ann.page.keyboard.press('ArrowDown');
    await ann.page.keyboard.press('ArrowUp');
    await ann.enters('button', 'Place order');
    await ann.sees(/^Order /);
    await ann.hears(confirmed);
  });

  describe('the back office', () => {
    it('sets stock, refunds an order, and shows the mails that were written', async () => {
      const customer = await shop.customer();
      const { id } = await customer.orders({ zither: 1 });
      await using eve = await arrive();
      await eve.opens('/');
      await eve.follows('Sign in');
      await signsIn(eve, adminOf(system));
      await eve.follows('Back office');
      await eve.sees('Overview');
      await setsStock(eve);
      await refunds(eve, id);
      await readsMails(eve, id);
      expect((await customer.order(id)).status).to.equal('refunded');
    });

    async function setsStock(eve: Visitor): Promise<void> {
      await eve.follows('Products');
      await eve.sees('Products');
      await eve.fills({ 'Find products': 'zither' });
      await eve.presses('Search');
      await eve.follows('Tested zither');
      await eve.sees('Tested zither');
      await eve.fills({ 'Available of Tested zither': '3' });
      await eve.presses('Set the stock of Tested zither');
      await eve.hears('Saved.');
      await eve.looksOver();
      await eve.follows('See it in the shop');
      await eve.sees('Tested zither');
      await eve.page.getByText('Only 3 left').waitFor();
      await eve.follows('Back office');
    }

    async function refunds(eve: Visitor, id: string): Promise<void> {
      await eve.follows('Orders');
      await eve.sees('Orders');
      await eve.follows(numberOf(id));
      await eve.sees(/confirmed/);
      await eve.page.getByText('Refund order…').click();
      await eve.presses(/^Refund €/);
      await eve.sees(/refunded/);
    }

    async function readsMails(eve: Visitor, id: string): Promise<void> {
      await eve.follows('Mailbox');
      await eve.sees('Mails');
      const subject = `Refund for your order ${numberOf(id)}`;
      await eventually(async () => {
        await eve.page.reload();
        const mails = eve.page.getByRole('link', { name: `order ${numberOf(id)}` });
        expect(await mails.allTextContents()).to.deep.equal([
          subject,
          `Your order ${numberOf(id)} is confirmed`,
        ]);
      });
      await eve.follows(subject);
      await eve.sees(subject);
    }
  });

  describe('on a telephone, 360 pixels wide', () => {
    const viewport = { width: 360, height: 740 };

    it('fits every page of the shop', async () => {
      const customer = await shop.customer();
      const { id } = await customer.orders({ zither: 1 });
      await using ann = await arrive({ viewport });
      const { slug } = shop.product('zither');
      await opensAll(ann, ['/', '/search', '/categories/lamps', '/basket', '/sign-up']);
      await opensAll(ann, [`/products/${slug}`, '/search?q=nothing-matches-this', '/sign-in']);
      ann.expects(404);
      await ann.opens('/products/no-such-thing');
      await ann.brings(customer.cookies);
      await keepsAddress(customer);
      await ann.opens(`/products/${slug}`);
      await ann.presses('Add to basket');
      await ann.sees('Your basket');
      await opensAll(ann, ['/checkout', '/orders', `/orders/${id}`, '/account']);
    });

    it('fits every page of the back office', async () => {
      const { id } = await (await shop.customer()).orders({ zither: 1 });
      await using eve = await arrive({ viewport });
      await eve.brings((await shop.admin()).cookies);
      await opensAll(eve, ['', '/products', '/products/new', '/stock'].map(underAdmin));
      await opensAll(eve, ['/orders', `/orders/${id}`, '/accounts'].map(underAdmin));
      await opensAll(eve, [`/admin/products/${shop.product('zither').id}`, '/mailbox']);
    });

    async function opensAll(visitor: Visitor, paths: readonly string[]): Promise<void> {
      for (const path of paths) await visitor.opens(path);
    }
  });

  describe('looking over', () => {
    it('finds everything that can be wrong with a page', async () => {
      await using ann = await arrive();
      await ann.page.route('**/faulty', (route) =>
        route.fulfill({
          contentType: 'text/html',
          headers: { 'Content-Security-Policy': "script-src 'none'" },
          body: faultyPage,
        }),
      );
      const complaint = await ann.opens('/faulty').catch(String);
      for (const fault of [
        '2 h1, expected one',
        'no lang',
        'no title',
        'the id twin twice',
        'no alt text: <img src="/no-such-picture">',
        'no label or name: <input id="twin">',
        'no label or name: <a href="/">',
        'aria-describedby refers to nothing',
        'px wider than',
        '404: ',
        'Content Security Policy',
      ]) {
        expect(complaint).to.include(fault);
      }
    });

    it('finds a focus that cannot be seen', async () => {
      await using ann = await arrive();
      const link = (name: string, style: string) => `<a href="/" style="${style}">${name}</a>`;
      for (const [style, fault] of [
        ['outline: none', 'no ring around'],
        ['position: fixed; left: -900px', 'out of sight'],
      ] as const) {
        await ann.page.setContent(link('first', style) + link('last', ''));
        const complaint = await ann.enters('link', 'last').catch(String);
        expect(complaint).to.include(fault);
      }
    });
  });

  it('leaves a shop that has kept every rule', async () => {
    await requireInvariants(shop);
  });

  async function findsWhileTyping(visitor: Visitor): Promise<void> {
    await visitor.opens('/');
    await visitor.presses('Search');
    await visitor.sees('All products');
    const { pageLoads } = visitor;
    await visitor.page.getByLabel('Search products').pressSequentially('zither');
    await visitor.sees('Results for “zither”');
    expect(await visitor.page.locator('.products li').count()).to.equal(1);
    expect(visitor.page.url()).to.match(/[?&]q=zither/);
    expect(visitor.pageLoads).to.equal(pageLoads);
  }

  async function fillsTheBasket(visitor: Visitor): Promise<void> {
    await visitor.sees('Tested zither');
    await visitor.fills({ Quantity: '3' });
    await visitor.presses('Add to basket');
    await visitor.sees('Your basket');
    await visitor.fills({ 'Quantity of Tested zither': '2' });
    await visitor.presses('Update quantities');
    await visitor.hears('Your basket was updated.');
    await visitor.looksOver();
    await visitor.follows('Check out');
  }

  /** Runs `action` while orders have to wait for the inventory. */
  async function whileInventoryIsAway<T>(action: () => Promise<T>): Promise<T> {
    await system.engine.scale('inventory', 0);
    try {
      return await action();
    } finally {
      await system.engine.scale('inventory', 1);
    }
  }

  async function signsUp(visitor: Visitor): Promise<void> {
    await visitor.sees('Sign in');
    await visitor.follows('Create an account');
    await visitor.sees('Create an account');
    await visitor.fills(newcomer());
    await visitor.presses('Create account');
    await visitor.sees('Check out');
  }

  async function signsIn(
    visitor: Visitor,
    { email, password }: { email: string; password: string },
  ): Promise<void> {
    await visitor.sees('Sign in');
    await visitor.fills({ 'E-mail address': email, Password: password });
    await visitor.presses('Sign in');
  }

  /** What somebody new types, none of which may turn up in a log. */
  function newcomer(): Record<string, string> {
    const id = randomUUID().slice(0, 8);
    const email = `ann.${id}@browser.example`;
    const password = `browser password ${id}`;
    shop.canaries.set(email, 'an e-mail address').set(password, 'a password');
    return { 'Your name': 'Ann', 'E-mail address': email, Password: password };
  }

  function arrive(options: BrowserContextOptions = {}): Promise<Visitor> {
    if (!browser) throw new Error('arrive: the browser has not been started');
    return Visitor.arrive(browser, { url: system.url, ...options });
  }
});

const faultyPage = `<!doctype html><head></head><body><h1>One</h1><h1>Two</h1>
  <p id="twin" aria-describedby="nobody">Text</p><input id="twin"><a href="/"></a>
  <img src="/no-such-picture"><div style="width: 3000px">Wide</div><script>1</script></body>`;

function underAdmin(path: string): string {
  return `/admin${path}`;
}

/** An order's number as pages show it. */
function numberOf(id: string): string {
  return id.slice(-8).toUpperCase();
}

async function keepsAddress({ api }: Customer): Promise<void> {
  const line1 = 'An address with a long line that has to be broken somewhere 12345';
  const place = { city: 'Lund', postal_code: '22100', country: 'SE' };
  const { status } = await api.post('/api/v1/me/addresses', { name: 'Ann', line1, ...place });
  expect(status).to.equal(201);
}

/** The administrator's account as the engine tells it at start. */
function adminOf({ engine }: System): { email: string; password: string } {
  const [, email = '', password = ''] =
    /^Admin\s+(\S+) \/ (\S+)$/m.exec(engine.notes.join('\n')) ?? [];
  return { email, password };
}
