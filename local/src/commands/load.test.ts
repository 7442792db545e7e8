import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { journeys } from '@faultline/load/journeys/list';
import { expect } from 'chai';
import { stubShop } from '../../../bench/load/test/stub-shop.ts';
import { runCommand } from '../cli.ts';

/** Runs `faultline load …`; the exit code and what was written. */
async function run(...args: string[]) {
  const written = { out: '', err: '' };
  const code = await runCommand(['load', ...args], {
    env: {},
    terminal: {
      interactive: false,
      columns: () => 100,
      rows: () => 24,
      out: (text) => void (written.out += text),
      err: (text) => void (written.err += text),
      paint: (_, text) => text,
    },
  });
  return { code, ...written };
}

describe('faultline load', () => {
  let gateway: Server;
  let target: string;

  before(async () => {
    const { send } = stubShop();
    gateway = createServer((req, res) => {
      const { method = '', url: path = '' } = req;
      const request = { method, path, headers: {}, timeoutMs: 0 };
      void send(request, new AbortController().signal).then((reply) => {
        if (reply.kind === 'none') return req.socket.destroy();
        return res.writeHead(reply.status, { ...reply.headers }).end(reply.body);
      });
    });
    gateway.listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    // Listens on a port, so its address is no path.
    target = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  });

  after(() => void gateway.close());

  const brief = ['--duration', '500ms', '--rps', '60', '--journeys', 'browse=2,search=1'];

  it('sends people over HTTP and answers with what they met, as JSON', async () => {
    const { code, out } = await run('--target', target, '--seed', '3', '--json', ...brief);
    const report = JSON.parse(out);
    expect(code).to.equal(0);
    expect(report).to.deep.include({ target, seed: 3, failed: 0, errors: [] });
    expect(report.requests).to.be.greaterThan(5);
    expect(Object.keys(report.journeys)).to.have.members(['browse', 'search']);
  });

  it('answers in tables for people', async () => {
    const { code, out } = await run('--target', target, ...brief);
    expect(code).to.equal(0);
    expect(out)
      .to.match(/^\d+ requests in \d/)
      .and.to.match(/^home page +\d/m);
  });

  it('refuses what it does not know and says what it does', async () => {
    for (const [flags, reason] of [
      [['--rps', '0'], "--rps: expected a number above 0, not '0'"],
      [['--rps', 'many'], "--rps: expected a number above 0, not 'many'"],
      [['--duration', '60'], "--duration: expected a duration such as 90s or 10m, not '60'"],
      [['--journeys', 'steal=1'], '--journeys: expected <name>=<weight> of browse, search'],
      [['--journeys', 'buy=0'], '--journeys: expected a weight above 0'],
      [['--target', 'shop'], "--target: expected an http or https URL, not 'shop'"],
      [['--seed', '-1'], "Option '--seed' argument is ambiguous"],
    ] as const) {
      const { code, err } = await run(...flags);
      expect(err).to.include(reason);
      expect(code).to.equal(2);
    }
  });

  it('says that nothing runs when nothing does', async () => {
    const { code, err } = await run('--data-dir', '/nonexistent');
    expect(err).to.include('no engine runs on /nonexistent');
    expect(code).to.equal(1);
  });

  it('names every journey there is', async () => {
    const { out } = await run('--help');
    expect(out).to.include(
      journeys
        .map(({ name }) => name)
        .join(', ')
        .slice(0, 20),
    );
    for (const { name } of journeys) expect(out).to.include(name);
  });
});
