import type { Accrual } from '@faultline/mesh-core/breaker';
import type { WireServicePort } from '@faultline/mesh-core/snapshot';
import { expect } from 'chai';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { TestMesh, type TestProxy } from './support/mesh.ts';
import { until } from './support/poll.ts';
import { backend, endpoint, route, rule, service } from './support/snapshots.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const status =
  (code: number): Answer =>
  (_request, response) => {
    response.statusCode = code;
    response.end();
  };
/** Never answers. */
const hang: Answer = () => undefined;
const retries = { statuses: [[500, 599]], grpcStatuses: [], limit: 1 } as const;
const backoff = { minMs: 150, maxMs: 1_000, jitterRatio: 0 };
const accrual: Accrual = { maxFailures: 3, backoff };

describe('resilience of an edge', () => {
  let mesh: TestMesh;
  let client: TestProxy;
  let servers: Awaited<ReturnType<TestMesh['server']>>[];
  const answers: Answer[] = [status(200), status(200)];
  let arrivals: { server: number; atMs: number; body: string }[] = [];

  before(async () => {
    mesh = await TestMesh.start();
    client = await mesh.proxy('client');
    servers = await Promise.all(
      answers.map((_, index) =>
        mesh.server(`b-${index + 1}`, (request, response) => {
          let body = '';
          request.on('error', () => undefined);
          request.on('data', (chunk) => (body += chunk));
          request.on('end', () => {
            arrivals.push({ server: index, atMs: performance.now(), body });
            answers[index]?.(request, response);
          });
        }),
      ),
    );
  });

  beforeEach(() => {
    arrivals = [];
    answers.fill(status(200));
  });

  after(() => mesh.stop());

  /** Service b with the first server, or both. */
  async function edge(parts: Partial<WireServicePort>, count = 1): Promise<void> {
    await mesh.apply(client, {
      services: [service(parts)],
      endpoints: { 'a/b:80': servers.slice(0, count).map((server) => server.endpoint) },
    });
  }

  const get = () => mesh.ask(client, 'http://b/');
  const gaps = () =>
    arrivals.slice(1).map(({ atMs }, index) => atMs - (arrivals[index]?.atMs ?? 0));

  describe('timeouts', () => {
    it('26: answers 504 when the request timeout passes, and keeps the connection', async () => {
      await edge({ timeouts: { requestMs: 100 } });
      answers[0] = hang;
      const { status: code, headers, ms } = await get();
      expect(code).to.equal(504);
      expect(ms).to.be.within(95, 2_000);
      expect(headers['l5d-proxy-error']).to.match(/request timeout: 100ms$/);
      expect(headers).not.to.have.property('l5d-proxy-connection');
      const error = { error: 'REQUEST_TIMEOUT' };
      expect(
        await mesh.metric(client, 'outbound_http_route_request_statuses_total', error),
      ).to.equal(1);
    });

    it('30: starts the response timeout when the request has been sent', async () => {
      await edge({ timeouts: { responseMs: 100 } });
      answers[0] = hang;
      expect((await get()).ms).to.be.within(95, 2_000);
    });

    it('31: breaks off a reply that stalls for the idle timeout', async () => {
      await edge({ timeouts: { idleMs: 100 } });
      answers[0] = (_request, response) => void response.write('begin');
      const error = await get().catch((thrown: unknown) => thrown);
      expect(error).to.have.property('code', 'ECONNRESET');
    });
  });

  describe('retries', () => {
    it('33: sends again once', async () => {
      await edge({ retry: retries });
      const before = await mesh.metric(client, 'outbound_http_route_retry_successes_total');
      answers[0] = (request, response) => {
        status(arrivals.length === 1 ? 503 : 200)(request, response);
      };
      expect((await get()).status).to.equal(200);
      expect(arrivals).to.have.length(2);
      const after = await mesh.metric(client, 'outbound_http_route_retry_successes_total');
      expect(after - before).to.equal(1);
    });

    it('34, 35: gives up at its limit, with growing pauses', async () => {
      await edge({ retry: { ...retries, limit: 3 } });
      answers[0] = status(503);
      expect((await get()).status).to.equal(503);
      expect(arrivals).to.have.length(4);
      const [first = 0, second = 0, third = 0] = gaps();
      expect(first).to.be.within(20, 300);
      expect(second).to.be.within(45, 350);
      expect(third).to.be.within(95, 600);
      expect(await mesh.metric(client, 'outbound_http_route_retry_limit_exceeded_total')).to.equal(
        1,
      );
    });

    it('36: repeats a POST with its body', async () => {
      await edge({ retry: retries });
      answers[0] = (request, response) => {
        status(arrivals.length === 1 ? 500 : 200)(request, response);
      };
      const body = 'x'.repeat(10_240);
      const { status: code } = await mesh.ask(client, 'http://b/', { method: 'POST', body });
      expect(code).to.equal(200);
      expect(arrivals.map((arrival) => arrival.body.length)).to.deep.equal([10_240, 10_240]);
    });

    it('37: does not repeat what is over 64 KiB', async () => {
      await edge({ retry: retries });
      answers[0] = status(500);
      const body = Buffer.alloc(70_000, 'x');
      expect((await mesh.ask(client, 'http://b/', { method: 'POST', body })).status).to.equal(500);
      expect(arrivals).to.have.length(1);
    });

    it('40: gives each attempt but the last its own timeout', async () => {
      await edge({
        retry: { statuses: [], grpcStatuses: [], limit: 2, timeoutMs: 100 },
        timeouts: { requestMs: 700 },
      });
      answers[0] = hang;
      expect((await get()).status).to.equal(504);
      expect(arrivals).to.have.length(3);
      const [first = 0, second = 0] = gaps();
      expect(first).to.be.within(110, 400);
      expect(second).to.be.within(135, 500);
    });

    it('41: ends all attempts with the request timeout', async () => {
      await edge({ retry: { ...retries, limit: 9 }, timeouts: { requestMs: 150 } });
      answers[0] = (_request, response) => {
        const wait = setTimeout(() => status(503)(_request, response), 100);
        response.on('close', () => clearTimeout(wait));
      };
      const { status: code, ms } = await get();
      expect(code).to.equal(504);
      expect(ms).to.be.within(145, 2_000);
    });

    it('43: may land on another backend', async () => {
      const [one, two] = servers;
      if (!one || !two) throw new Error('there are two servers');
      await mesh.apply(client, {
        services: [
          service({
            routes: [
              route('r', {
                rules: [
                  rule({
                    backends: [backend('b-1'), backend('b-2')],
                    retry: { ...retries, limit: 4 },
                  }),
                ],
              }),
            ],
          }),
          service({ name: 'b-1' }),
          service({ name: 'b-2' }),
        ],
        endpoints: { 'a/b-1:80': [one.endpoint], 'a/b-2:80': [two.endpoint] },
      });
      answers[0] = status(503);
      const replies = await Promise.all(Array.from({ length: 10 }, get));
      expect(replies.filter((reply) => reply.status === 200).length).to.be.above(6);
    });
  });

  describe('circuit breaking', () => {
    it('44, 45: takes a failing endpoint out, probes it, and lets it back', async () => {
      await edge({ accrual: { ...accrual, backoff: { ...backoff, minMs: 700, maxMs: 5_000 } } }, 2);
      const atFirst = () => arrivals.filter(({ server }) => server === 0);
      const replies: number[] = [];
      const untilAtFirst = (count: number) =>
        until(async () => {
          replies.push((await get()).status);
          return atFirst().length >= count;
        });
      answers[0] = status(500);
      // Three failures shut it out; a probe that fails does so for twice as long, one that goes well no more.
      await untilAtFirst(4);
      answers[0] = status(200);
      await untilAtFirst(12);
      expect(replies.filter((code) => code !== 200)).to.deep.equal([500, 500, 500, 500]);
      const [, , out = 0, probed = 0, back = 0] = atFirst().map(({ atMs }) => atMs);
      expect(probed - out).to.be.above(690);
      expect(back - probed).to.be.above(1_390);
      const meanwhile = arrivals.filter(({ atMs }) => atMs > out && atMs < back);
      expect(meanwhile.length).to.be.above(10);
    });

    it('46, 47: never trips on 404 and 429, or on failures that do not follow each other', async () => {
      await edge({ accrual: { ...accrual, maxFailures: 4 } });
      for (const code of [500, 500, 404, 500, 500, 429, 500, 500, 500, 200, 500]) {
        answers[0] = status(code);
        expect((await get()).status).to.equal(code);
      }
    });

    it('48: with every endpoint out, waits, then fails fast until a probe succeeds', async () => {
      await edge({ accrual: { ...accrual, backoff: { ...backoff, minMs: 400 } } });
      answers[0] = status(500);
      for (let index = 0; index < 3; index++) expect((await get()).status).to.equal(500);
      const waited = await get();
      expect(waited.status).to.equal(504);
      expect(waited.ms).to.be.within(140, 2_000);
      expect((await get()).status).to.equal(503);
      answers[0] = status(200);
      await until(async () => (await get()).status === 200);
    });
  });

  describe('balancing', () => {
    it('51: prefers the faster endpoint', async () => {
      await edge({}, 2);
      answers[1] = (_request, response) => void setTimeout(() => response.end(), 40);
      let left = 200;
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          while (left-- > 0) await get();
        }),
      );
      const fast = arrivals.filter(({ server }) => server === 0).length;
      expect(fast / arrivals.length).to.be.above(0.7);
    });

    it('serves a burst without a connection for each request', async () => {
      await edge({});
      answers[0] = (_request, response) => void setTimeout(() => response.end(), 5);
      const opened = { direction: 'inbound', peer: 'src' };
      const server = servers[0];
      if (!server) throw new Error('there is a server');
      const before = await mesh.metric(server, 'tcp_open_total', opened);
      const replies = await Promise.all(Array.from({ length: 200 }, get));
      expect(replies.every((reply) => reply.status === 200)).to.equal(true);
      expect((await mesh.metric(server, 'tcp_open_total', opened)) - before).to.be.below(200);
    });

    it('52: answers 502 for an unmeshed endpoint that refuses connections', async () => {
      await mesh.apply(client, {
        services: [service()],
        endpoints: { 'a/b:80': [endpoint({ path: mesh.path('nobody') })] },
      });
      const { status: code, headers } = await get();
      expect(code).to.equal(502);
      expect(headers.connection).to.equal('close');
      expect(headers['l5d-proxy-error']).to.contain('ENOENT');
    });

    it('53: meets no error when one of two peer proxies is gone', async () => {
      const gone = endpoint({ path: mesh.path('gone') }, servers[0]?.identity);
      await mesh.apply(client, {
        services: [service()],
        endpoints: { 'a/b:80': [gone, ...servers.slice(1).map((server) => server.endpoint)] },
      });
      const replies = await Promise.all(Array.from({ length: 40 }, get));
      expect(replies.every((reply) => reply.status === 200)).to.equal(true);
    });

    it('53: comes back to a peer proxy once it can be reached', async () => {
      const path = mesh.path('late');
      const late = endpoint({ path });
      await mesh.apply(client, { services: [service()], endpoints: { 'a/b:80': [late] } });
      expect((await get()).status).to.equal(502);
      const server = createServer((_request, response) => response.end('here'));
      await new Promise<void>((resolve) => server.listen(path, resolve));
      expect((await get()).body).to.equal('here');
      server.closeAllConnections();
      server.close();
    });
  });

  it('54: passes on the 502 of a peer whose app is gone', async () => {
    const server = await mesh.proxy('appless', { app: { path: mesh.path('nobody') } });
    await mesh.apply(client, {
      services: [service()],
      endpoints: { 'a/b:80': [endpoint(server.inbound, server.identity)] },
    });
    const { status: code, headers } = await get();
    expect(code).to.equal(502);
    expect(headers, 'that header is between proxies').not.to.have.property('l5d-proxy-error');
    expect(await mesh.metric(server, 'inbound_http_errors_total', { error: 'i/o' })).to.equal(1);
  });
});
