import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';

const program = join(import.meta.dirname, 'check-prices.ts');

describe('the check of prices', () => {
  it('says no once the shop shows another price than before', async () => {
    let amount = 4_900;
    const product = () => ({ id: 'a', price: { amount, currency: 'EUR' } });
    const shop = createServer((req, res) => {
      const body = req.url?.startsWith('/api/v1/products?') ? { items: [product()] } : product();
      res.end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(shop, 'listening');
    // A server that listens on TCP has an address of this kind.
    const { port } = shop.address() as AddressInfo;
    const args = [program, '--shop', `http://127.0.0.1:${port}`, '--port', '0'];
    const check = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [said] = await once(check.stdout, 'data');
      const url = /http:\S+/.exec(String(said))?.[0] ?? '';
      const ask = () => fetch(url, { method: 'POST', body: '{}' });
      expect((await ask()).status).to.equal(200);
      amount = 49;
      const refusal = await ask();
      expect(refusal.status).to.equal(500);
      expect(await refusal.text()).to.equal('a costs 49 EUR, it was 4900 EUR');
    } finally {
      check.kill();
      shop.close();
      shop.closeAllConnections();
    }
  });
});
