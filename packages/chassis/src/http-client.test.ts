import { expect } from 'chai';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { systemClock } from './clock.ts';
import type { Endpoint } from './endpoint.ts';
import { createHttpClient, DependencyError, type HttpClient } from './http-client.ts';
import { createMetrics } from './metrics.ts';

const putThing = {
  id: 'putThing',
  method: 'PUT',
  path: '/things/:id',
  summary: 'Put a thing.',
  access: 'internal',
  params: z.strictObject({ id: z.string() }),
  query: z.strictObject({ tag: z.array(z.string()) }),
  body: z.strictObject({ n: z.number() }),
  replies: { 200: z.object({ n: z.number() }), 409: z.object({ reason: z.string() }) },
} as const satisfies Endpoint;

describe('an HTTP client', () => {
  let respond: (req: IncomingMessage, res: ServerResponse) => void;
  let upstream: Server;
  let client: HttpClient;
  const call = () => ({
    signal: new AbortController().signal,
    deadlineMs: systemClock.monotonic() + 2_000,
    principal: { id: 'p1', role: 'customer' },
  });
  const request = { params: { id: 'a/b' }, query: { tag: ['x', 'y'] }, body: { n: 1 } };
  const send = (context = call()) => client.call(putThing, request, context);
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail('expected the call to fail'),
      (error: unknown) => {
        expect(error).to.be.instanceOf(DependencyError);
        return error instanceof DependencyError ? error : expect.fail();
      },
    );

  before(async () => {
    upstream = createServer((req, res) => respond(req, res));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    // A listening TCP server has an AddressInfo.
    const { port } = upstream.address() as AddressInfo;
    client = createHttpClient({
      name: 'neighbour',
      baseUrl: `http://127.0.0.1:${port}`,
      timeoutMs: 250,
      clock: systemClock,
      metrics: createMetrics().client,
    });
  });
  after(() => {
    upstream.closeAllConnections();
    upstream.close();
  });

  it('encodes the request and carries principal and time left', async () => {
    let seen: IncomingMessage | undefined;
    respond = (req, res) => {
      seen = req;
      res.setHeader('Content-Type', 'application/json').end('{"n":2}');
    };
    expect((await send()).body).to.deep.equal({ n: 2 });
    expect(seen?.url).to.equal('/things/a%2Fb?tag=x&tag=y');
    expect(seen?.headers).to.include({ 'x-principal-id': 'p1', 'x-principal-role': 'customer' });
    expect(Number(seen?.headers['x-request-timeout-ms'])).to.be.within(1, 250);
  });

  it('returns a declared failure as a value', async () => {
    respond = (_, res) => res.writeHead(409).end('{"reason":"taken"}');
    const reply = await send();
    expect(reply).to.deep.include({ status: 409, body: { reason: 'taken' } });
  });

  for (const status of [500, 503, 404, 302]) {
    it(`fails on ${status}, which the contract does not declare`, async () => {
      respond = (_, res) => res.writeHead(status, { Location: '/elsewhere' }).end('{}');
      const error = await failure(send());
      expect(error).to.include({
        failure: 'failed',
        upstreamStatus: status,
        dependency: 'neighbour',
      });
    });
  }

  it('fails on a reply that breaks the contract', async () => {
    respond = (_, res) => res.end('{"n":"two"}');
    expect((await failure(send())).failure).to.equal('failed');
  });

  it('does not know what happened when no answer came in time', async () => {
    respond = () => undefined;
    const startedMs = systemClock.monotonic();
    const error = await failure(send());
    expect(error).to.include({ failure: 'unknown', status: 504 });
    expect(systemClock.monotonic() - startedMs).to.be.within(200, 1_500);
  });

  it('does not know what happened when the connection broke', async () => {
    respond = (req) => req.socket.destroy();
    expect((await failure(send())).failure).to.equal('unknown');
  });

  it('knows that nothing happened when nobody listened', async () => {
    const nobody = createHttpClient({
      name: 'nobody',
      baseUrl: 'http://127.0.0.1:9',
      timeoutMs: 250,
      clock: systemClock,
      metrics: createMetrics().client,
    });
    expect((await failure(nobody.call(putThing, request, call()))).failure).to.equal('refused');
  });

  it('stops waiting when its caller has gone', async () => {
    respond = () => undefined;
    const gone = new AbortController();
    const waiting = failure(send({ ...call(), signal: gone.signal }));
    gone.abort();
    expect((await waiting).failure).to.equal('unknown');
  });

  it('refuses a reply larger than it would hold', async () => {
    respond = (_, res) => res.end(`{"n":1,"pad":"${'x'.repeat(5 * 1024 * 1024)}"}`);
    await failure(send());
  });
});
