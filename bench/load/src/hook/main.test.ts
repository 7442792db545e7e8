import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '@faultline/chassis/clock';
import { listen } from '@faultline/chassis/server';
import { eventually } from '@faultline/chassis/testing/eventually';
import { startProcess } from '@faultline/chassis/testing/process';
import { expect } from 'chai';

const dir = fileURLToPath(new URL('../..', import.meta.url));

describe('the load generator of a cluster', function () {
  this.timeout(30_000);

  it('lets who is in its pod abort a canary, by a program of its own', async () => {
    const target = 'http://127.0.0.1:9';
    const env = { SERVICE_NAME: 'load-generator', LOAD_TARGET: target };
    const service = await startProcess({ dir, entry: 'src/hook/main.ts', env });
    try {
      const { host } = new URL(service.http);
      const abort = async (...args: string[]) =>
        promisify(execFile)(process.execPath, ['src/hook/abort.ts', ...args], {
          cwd: dir,
          env: { ...env, LISTEN_HTTP: host },
        });
      const ask = async () => {
        const body = JSON.stringify({ name: 'orders', namespace: 'shop', phase: 'Progressing' });
        const headers = { 'Content-Type': 'application/json' };
        return (await fetch(`${service.http}/rollback`, { method: 'POST', headers, body })).status;
      };
      expect(await ask()).to.equal(403);
      expect((await abort('orders', 'shop')).stdout).to.include('"canary":"shop/orders"');
      expect(await ask()).to.equal(200);
      const refused: unknown = await abort('orders').catch((error: unknown) => error);
      expect(refused).to.include({ code: 1 });
    } finally {
      await service.stop();
    }
  });

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
