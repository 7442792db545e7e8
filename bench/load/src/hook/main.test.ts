import { fileURLToPath } from 'node:url';
import { systemClock } from '@faultline/chassis/clock';
import { listen } from '@faultline/chassis/server';
import { eventually } from '@faultline/chassis/testing/eventually';
import { startProcess } from '@faultline/chassis/testing/process';
import { expect } from 'chai';

const dir = fileURLToPath(new URL('../..', import.meta.url));

describe('the load generator of a cluster', function () {
  this.timeout(30_000);

  it('starts as a service does, calls the gateway when it is asked to, and stops in order', async () => {
    const asked: string[] = [];
    const gateway = await listen(
      (req, res) => {
        asked.push(`${req.method} http://${req.headers.host}`);
        res.writeHead(503).end();
      },
      { address: { host: '127.0.0.1', port: 0 }, clock: systemClock },
    );
    try {
      const service = await startProcess({
        dir,
        entry: 'src/hook/main.ts',
        env: { SERVICE_NAME: 'load-generator', LOAD_TARGET: gateway.url },
      });
      expect((await fetch(`${service.admin}/readyz`)).status).to.equal(200);
      const body = JSON.stringify({ name: 'orders', namespace: 'shop', phase: 'Progressing' });
      const headers = { 'Content-Type': 'application/json' };
      const reply = await fetch(`${service.http}/load`, { method: 'POST', headers, body });
      expect(reply.status).to.equal(202);
      await eventually(() => expect(asked).to.include(`GET ${gateway.url}`));
      expect(await service.stop()).to.deep.equal({ code: 0, signal: null });
    } finally {
      await gateway.drain(systemClock.monotonic());
    }
  });
});
