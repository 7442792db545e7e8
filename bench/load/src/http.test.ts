import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createRawServer, type AddressInfo, type Server } from 'node:net';
import { systemClock } from '@faultline/chassis/clock';
import { expect } from 'chai';
import { userAgent } from './http.ts';

const request = { method: 'GET', path: '/a?b=c', headers: {}, timeoutMs: 5_000 };
const never = new AbortController().signal;

describe('a user agent', () => {
  let server: Server;

  afterEach(() => void server.close());

  async function serve(listener: RequestListener) {
    server = createServer(listener);
    return listening();
  }

  /** Answers with these bytes, whatever is asked, and hangs up. */
  async function serveBytes(bytes: string, { abruptly = false } = {}) {
    server = createRawServer((socket) => {
      socket.once('data', () => {
        socket.write(bytes, () => (abruptly ? socket.resetAndDestroy() : socket.end()));
      });
    });
    return listening();
  }

  async function listening() {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // Listens on a port, so its address is no path.
    const { port } = server.address() as AddressInfo;
    return userAgent({ target: `http://127.0.0.1:${port}`, clock: systemClock });
  }

  it('sends what it is told and hands over the whole reply, over one connection', async () => {
    const ports = new Set<number | undefined>();
    using send = await serve((req, res) => {
      ports.add(req.socket.remotePort);
      req.pipe(res.writeHead(201, { 'X-Seen': `${req.method} ${req.url}` }));
    });
    for (const body of ['one', 'two']) {
      const reply = await send({ ...request, method: 'POST', body }, never);
      expect(reply).to.deep.include({ kind: 'reply', status: 201, body: Buffer.from(body) });
      expect(reply.kind === 'reply' && reply.headers['x-seen']).to.equal('POST /a?b=c');
    }
    expect(ports.size).to.equal(1);
  });

  it('tells refused connections', async () => {
    using send = await serve(() => undefined);
    server.close();
    await once(server, 'close');
    expect(await send(request, never)).to.deep.equal({
      kind: 'none',
      cause: 'refused',
      detail: 'ECONNREFUSED',
    });
  });

  it('tells broken connections, before and in the middle of a reply', async () => {
    for (const bytes of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf']) {
      using send = await serveBytes(bytes, { abruptly: true });
      expect(await send(request, never)).to.deep.include({ kind: 'none', cause: 'reset' });
      server.close();
    }
    using send = await serveBytes('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
    expect(await send(request, never)).to.deep.include({ kind: 'none', cause: 'reset' });
  });

  it('tells what is no HTTP', async () => {
    using send = await serveBytes('SSH-2.0-OpenSSH\r\n');
    expect(await send(request, never)).to.deep.include({ kind: 'none', cause: 'garbled' });
  });

  it('tells replies that do not come, and those that do not end, in time', async () => {
    for (const start of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf']) {
      using send = await serve((req) => void req.socket.write(start));
      const reply = await send({ ...request, timeoutMs: 50 }, never);
      expect(reply).to.deep.include({ kind: 'none', cause: 'timeout' });
      server.close();
    }
  });

  it('lets go when it is told to', async () => {
    const stop = new AbortController();
    using send = await serve(() => stop.abort());
    const reply = await send(request, stop.signal);
    expect(reply).to.deep.include({ kind: 'none', cause: 'stopped' });
  });
});
