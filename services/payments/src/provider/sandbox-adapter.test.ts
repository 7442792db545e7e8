import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import { expect } from 'chai';
import { newId, price, providerAt, startSandbox, temporaryDir } from '../../test/harness.ts';

/** The adapter's answers to a provider that treats every request as `listener` does. */
async function against<T>(
  listener: RequestListener,
  ask: (provider: ReturnType<typeof providerAt>) => Promise<T>,
): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  try {
    return await ask(providerAt(`http://127.0.0.1:${port}`, 60));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('the adapter of the sandbox provider', () => {
  const reference = newId();
  const request = { reference, key: `${reference}:capture` };

  it('speaks to the sandbox from authorisation to refund', async () => {
    const dir = await temporaryDir();
    const sandbox = await startSandbox(dir.path);
    const provider = providerAt(sandbox.url, 5_000);
    const id = newId();
    const key = (operation: string) => ({ reference: id, key: `${id}:${operation}` });
    expect(await provider.find(id)).to.deep.equal({ kind: 'none' });
    const authorize = { ...key('authorize'), amount: price, token: 'tok_ok' };
    expect(await provider.authorize(authorize)).to.deep.equal({ kind: 'approved' });
    expect(await provider.capture(key('capture'))).to.deep.equal({ kind: 'approved' });
    expect(await provider.void(key('void'))).to.deep.equal({
      kind: 'declined',
      reason: 'charge_is_captured',
    });
    expect(await provider.refund(key('refund'))).to.deep.equal({ kind: 'approved' });
    expect(await provider.find(id)).to.deep.equal({
      kind: 'charge',
      charge: { status: 'refunded', declineReason: null },
    });
    expect(await provider.capture({ ...key('x'), reference: newId() })).to.include({
      kind: 'unknown',
    });
    const listed: unknown = await (await fetch(`${sandbox.url}/charges?limit=1`)).json();
    expect(listed).to.have.nested.property('items[0].effects.capture', 1);
    await sandbox.close();
    await dir.remove();
  });

  const strange: Record<string, RequestListener> = {
    'answers with an error': (_, res) => res.writeHead(500).end(),
    'answers with something else': (_, res) => res.writeHead(200).end('<html>'),
    'answers with an outcome nobody knows': (_, res) => res.end('{"outcome":"maybe"}'),
    'cuts the connection': (req) => req.socket.destroy(),
    'cuts the answer short': (_, res) => {
      res.writeHead(200, { 'content-length': '100' }).write('{"outc');
      res.socket?.destroySoon();
    },
    'never answers': () => undefined,
  };

  for (const [name, listener] of Object.entries(strange)) {
    it(`takes the outcome for unknown when the provider ${name}`, async () => {
      const outcomes = await against(listener, (provider) =>
        Promise.all([provider.capture(request), provider.find(reference)]),
      );
      expect(outcomes).to.deep.equal([{ kind: 'unknown' }, { kind: 'unknown' }]);
    });
  }

  it('takes the outcome for unknown when nobody is there', async () => {
    const provider = providerAt('http://127.0.0.1:9');
    expect(await provider.refund(request)).to.deep.equal({ kind: 'unknown' });
  });
});
