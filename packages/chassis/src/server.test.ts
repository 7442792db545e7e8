import { expect } from 'chai';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { systemClock } from './clock.ts';
import { type HttpServer, listen } from './server.ts';
import { eventually } from './testing/eventually.ts';

const address = { host: '127.0.0.1', port: 0 };

function fetchText(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (reply: IncomingMessage) => {
      let text = '';
      reply.on('data', (chunk) => (text += chunk));
      reply.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

describe('a server', () => {
  it('lets replies in flight end while it drains, and closes idle connections', async () => {
    const agent = new Agent({ keepAlive: true });
    let finish: (() => void) | undefined;
    const server = await listen(
      (req, res) => {
        if (req.url === '/slow') finish = () => res.end('slow');
        else res.end('fast');
      },
      { address, clock: systemClock },
    );
    expect(await fetchText(`${server.url}/fast`, agent)).to.equal('fast');
    const slow = fetchText(`${server.url}/slow`, agent);
    const end = await eventually(() => finish ?? expect.fail('the request has not arrived'));
    const drained = server.drain(systemClock.monotonic() + 5_000);
    end();
    expect(await slow).to.equal('slow');
    expect(await drained).to.equal(0);
    agent.destroy();
  });

  it('destroys what is left at the deadline and says how many', async () => {
    let arrived = false;
    const server = await listen(() => (arrived = true), { address, clock: systemClock });
    const hung = fetchText(server.url, new Agent()).catch((error: Error) => error.message);
    await eventually(() => expect(arrived).to.equal(true));
    expect(await server.drain(systemClock.monotonic() + 50)).to.equal(1);
    expect(await hung).to.match(/hang up|ECONNRESET/);
  });

  describe('given what is not HTTP', () => {
    let server: HttpServer;
    before(async () => {
      server = await listen((_, res) => res.end('ok'), { address, clock: systemClock });
    });
    after(() => server.drain(systemClock.monotonic()));

    const cases: [what: string, bytes: string, expected: RegExp][] = [
      ['garbage', 'garbage\r\n\r\n', /^HTTP\/1.1 400 /],
      [
        'two framings',
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
        /^HTTP\/1.1 400 /,
      ],
      [
        '20 KiB of headers',
        `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
        /^HTTP\/1.1 431 /,
      ],
      ['no Host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
    ];
    for (const [what, bytes, expected] of cases) {
      it(`answers ${what} with a problem and closes`, async () => {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
        socket.end(bytes);
        let text = '';
        for await (const chunk of socket) text += chunk;
        expect(text).to.match(expected);
      });
    }
  });
});
