import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { Body } from '../src/http/body.ts';
import { LIMITS } from '../src/limits.ts';
import { Listener } from '../src/net/listener.ts';
import { Pool } from '../src/net/pool.ts';
import { ServerConnection } from '../src/net/server-connection.ts';
import { request, response, textOf } from './support/exchange.ts';
import { until } from './support/poll.ts';

/** Time that is moved in one go: nothing of the network is heard while it passes. */
class SuddenTime {
  #nowMs = 0;
  #due: (() => void)[] = [];

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(_ms: number, run: () => void): () => void {
    this.#due.push(run);
    return () => void (this.#due = this.#due.filter((other) => other !== run));
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    for (const run of this.#due.splice(0)) run();
  }
}

describe('a listener that leaves', () => {
  const random = () => 0.5;
  const credentials = () => expect.fail('no TLS here');
  const post = () => request({ method: 'POST', body: Body.of(Buffer.from('x')) });
  let time: SuddenTime;
  let pool: Pool;
  let served: number;
  let listener: Listener;

  async function listen({ isProxy }: { isProxy: boolean }): Promise<void> {
    const clock = new SuddenTime();
    const client = { address: '127.0.0.1', identity: undefined };
    const handler = () => Promise.resolve(response(200, String((served += 1))));
    const isDraining = () => listener.draining;
    listener = new Listener(clock, (socket) => {
      const common = { handler, clock, client, direction: 'inbound', targets: 'origin' } as const;
      const connection = new ServerConnection(socket, {
        ...common,
        limits: LIMITS.server,
        isDraining,
      });
      listener.add(connection, socket, isProxy);
    });
    await listener.listen({ host: '127.0.0.1', port: 0 });
    const limits = { connectMs: 1_000, idleMs: 60_000, connectionsMax: 10 };
    const { address } = listener;
    pool = new Pool({ address, credentials, random, clock: new SuddenTime(), ...limits });
    time = clock;
    served = 0;
  }

  /** A connection that has served once and lies idle, with the whole of its listener leaving. */
  async function idleWhileLeaving() {
    const sent = post();
    const wire = await pool.open(sent.scope);
    await textOf((await wire.exchange(sent)).body);
    listener.setLeaving({ idleMs: 500 });
    return pool.take() ?? expect.fail('the connection was not kept');
  }

  afterEach(async () => {
    pool.close();
    await listener.drain({ idleMs: 0, deadlineMs: time.monotonic() });
  });

  it('answers a request of another proxy that was sent while it had had enough', async () => {
    await listen({ isProxy: true });
    const wire = await idleWhileLeaving();
    time.pass(1_000);
    const { status, body } = await wire.exchange(post());
    expect([status, await textOf(body)]).to.deep.equal([200, '2']);
    await until(() => pool.connections === 0);
  });

  it('has another proxy end a connection that nothing is sent on', async () => {
    await listen({ isProxy: true });
    const wire = await idleWhileLeaving();
    expect(wire.usable).to.equal(true);
    time.pass(1_000);
    await until(() => pool.connections === 0 && listener.connections === 0);
  });

  it('ends that of a proxy itself which does not answer', async () => {
    await listen({ isProxy: true });
    const { port } = listener.address as { port: number };
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    let read = '';
    socket.on('data', (chunk: string) => (read += chunk));
    socket.write('GET / HTTP/1.1\r\nhost: b\r\n\r\n');
    await until(() => read.endsWith('\r\n\r\n1'));
    listener.setLeaving({ idleMs: 500 });
    time.pass(1_000);
    await until(() => read.includes(' 102 '));
    time.pass(1_000);
    expect(socket.readableEnded).to.equal(false);
    const ended = once(socket, 'end');
    time.pass(4_000);
    await ended;
  });

  it('ends that of any other client', async () => {
    await listen({ isProxy: false });
    const wire = await idleWhileLeaving();
    time.pass(1_000);
    const failed = await wire.exchange(post()).catch(String);
    expect(failed).to.match(/connection closed/);
    expect(served).to.equal(1);
  });
});
