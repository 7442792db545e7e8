import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { id, request, span, START_MS, text, TRACE } from './support/otlp.ts';
import { type Json, startTestStore } from './support/store.ts';

const SPANS = 10_000;

describe('a store with a lot to say', () => {
  it('serves a trace of 10,000 spans whole, in both models', async () => {
    await using store = await startTestStore();
    await store.send(manySpans());
    const { body } = await store.get(`/api/traces/${TRACE}`);
    expect(body.data[0].spans).to.have.length(SPANS);
    const { body: otlp } = await store.get(`/api/v3/traces/${TRACE}`);
    const [{ scopeSpans }] = otlp.result.resourceSpans;
    expect(new Set(scopeSpans[0].spans.map(({ spanId }: Json) => spanId)).size).to.equal(SPANS);
  });

  it('waits for a client that reads slowly, and serves others meanwhile', async () => {
    await using store = await startTestStore();
    await store.send(manySpans());
    const { port, hostname } = new URL(store.queryUrl);
    const slow = connect(Number(port), hostname);
    slow.write(`GET /api/traces/${TRACE} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    await once(slow, 'readable');
    expect((await store.get('/api/services')).status).to.equal(200);
    let received = 0;
    for await (const chunk of slow) received += chunk.length;
    expect(received).to.be.greaterThan(SPANS * 200);
  });

  it('goes on when a client leaves in the middle of an answer', async () => {
    await using store = await startTestStore();
    await store.send(manySpans());
    const { port, hostname } = new URL(store.queryUrl);
    const leaving = connect(Number(port), hostname);
    leaving.write(`GET /api/traces/${TRACE} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await once(leaving, 'readable');
    leaving.destroy();
    await eventually(async () => {
      expect((await store.get(`/api/traces/${TRACE}`)).status).to.equal(200);
    });
  });

  it('answers for many traces at once', async () => {
    await using store = await startTestStore();
    const traces = Array.from({ length: 2_000 }, (_, n) =>
      span({ traceId: id(n + 1, 32), spanId: id(1), startMs: n }),
    );
    await store.send(traces);
    const window = `start=${START_MS * 1_000}&end=${(START_MS + 60_000) * 1_000}`;
    const { body } = await store.get(`/api/traces?service=gateway&limit=2000&${window}`);
    expect(body.data).to.have.length(2_000);
    expect(body.data[0].traceID).to.equal(id(2_000, 32));
  });

  it('lets a request end that is under way when it is told to stop', async () => {
    const store = await startTestStore({ shutdownTimeoutMs: 5_000 });
    const { port, hostname } = new URL(store.otlpUrl);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const body = JSON.stringify(request([span({ spanId: id(1) })]));
    const head = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json';
    socket.write(
      `${head}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
    );
    // Only when the store has seen the beginning is the request under way.
    await eventually(async () => {
      expect((await fetch(`${store.adminUrl}/readyz`)).status).to.equal(200);
    });
    const stopped = store.stop();
    socket.write(body.slice(9));
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).to.match(/^HTTP\/1.1 (200|503) /);
    await stopped;
  });
});

function manySpans() {
  return Array.from({ length: SPANS }, (_, n) =>
    span({
      spanId: id(n + 1),
      parentSpanId: n === 0 ? '' : id(Math.floor((n + 1) / 2)),
      attributes: [text('http.route', '/a'), text('n', String(n))],
    }),
  );
}
