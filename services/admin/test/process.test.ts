import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { asPrincipal } from '@faultline/chassis/testing/app';
import { startProcess } from '@faultline/chassis/testing/process';
import { pages } from '../src/pages.ts';
import { adminId } from './shop.ts';

const dir = fileURLToPath(new URL('..', import.meta.url));
/** Nobody listens on the port 1. */
const nowhere = 'http://127.0.0.1:1';

describe('the admin process', () => {
  it('starts without any neighbour, says so on its pages, and stops cleanly', async () => {
    const admin = await startProcess({
      dir,
      env: {
        SERVICE_NAME: 'admin',
        CATALOG_URL: nowhere,
        INVENTORY_URL: nowhere,
        ORDERS_URL: nowhere,
        PROFILES_URL: nowhere,
      },
    });
    expect((await fetch(`${admin.admin}/readyz`)).status).to.equal(200);
    const headers = asPrincipal(adminId, 'admin');
    const overview = await fetch(`${admin.http}/admin`, { headers });
    expect(overview.status).to.equal(200);
    const html = await overview.text();
    expect(html).to.include(pages.overview.asks.orders?.notice);
    expect(html).to.include(pages.overview.asks.inventory?.notice);
    expect((await fetch(`${admin.http}/admin/orders`, { headers })).status).to.equal(503);
    expect(await admin.stop()).to.deep.equal({ code: 0, signal: null });
  });

  it('refuses to start with a neighbour’s address that is none, naming the variable', async () => {
    const starting = startProcess({ dir, env: { SERVICE_NAME: 'admin', ORDERS_URL: 'orders' } });
    const error = await starting.catch((reason: unknown) => reason);
    expect(String(error)).to.include('ORDERS_URL');
  });
});
