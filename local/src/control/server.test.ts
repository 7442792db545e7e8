import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { TempDir } from '../../test/temp-dir.ts';
import type { Engine } from '../engine-types.ts';
import { type ControlServer, serveControl } from './server.ts';

type Reply = { status: number | undefined; body: unknown };

/** The control socket of an engine that only restarts. */
class World implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly restarted: string[] = [];
  /** Resolves once a restart has been asked for. */
  readonly asked = Promise.withResolvers<void>();
  stopsAsked = 0;
  #restart: Promise<void> = Promise.resolve();
  readonly #dir = new TempDir();
  readonly #socketPath = this.#dir.join('control.sock');
  server!: ControlServer; // set by start(), which is the only way to get one

  static async start(): Promise<World> {
    const world = new World();
    const engine = {
      restart: async (target: string) => {
        world.restarted.push(target);
        world.asked.resolve();
        await world.#restart;
      },
      status: () => ({ services: [] }),
    };
    world.server = await serveControl(world.#socketPath, {
      // No other call is made.
      engine: engine as unknown as Engine,
      clock: world.clock,
      requestStop: () => void (world.stopsAsked += 1),
    });
    return world;
  }

  holdRestarts(): void {
    this.#restart = new Promise(() => undefined);
  }

  /** Each part is a chunk of its own on the way. */
  async call(name: string, ...parts: (string | Buffer)[]): Promise<Reply> {
    const call = request({ socketPath: this.#socketPath, path: `/${name}`, method: 'POST' });
    for (const part of parts) call.write(part);
    call.end();
    const [reply] = await once(call, 'response');
    return { status: reply.statusCode, body: JSON.parse(await text(reply)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    this.#dir[Symbol.dispose]();
  }
}

const restart = (target: string) => JSON.stringify({ target, now: false });

describe('the control socket', () => {
  it('knows no call but those it has', async () => {
    await using world = await World.start();
    for (const name of ['fly', 'constructor', '__proto__']) {
      expect(await world.call(name, '{}'), name).to.deep.include({ status: 404 });
    }
  });

  it('understands a body in which a character is split', async () => {
    await using world = await World.start();
    const body = Buffer.from(restart('a€b'));
    const split = body.indexOf('€') + 1;
    const { status } = await world.call('restart', body.subarray(0, split), body.subarray(split));
    expect(status).to.equal(200);
    expect(world.restarted).to.deep.equal(['a€b']);
  });

  it('refuses what is asked while the engine stops, but to stop', async () => {
    await using world = await World.start();
    world.server.refuse();
    const error = 'restart: the engine stops and takes no more calls';
    expect(await world.call('restart', restart('a'))).to.deep.equal({
      status: 503,
      body: { error },
    });
    expect(world.restarted).to.deep.equal([]);
    expect(await world.call('stop', '{}')).to.deep.equal({ status: 200, body: {} });
    expect(world.stopsAsked).to.equal(1);
  });

  it('closes at once when nobody is being answered', async () => {
    await using world = await World.start();
    await world.call('restart', restart('a'));
    await world.server.stop();
  });

  it('waits for a call that is under way, but not for ever', async () => {
    await using world = await World.start();
    world.holdRestarts();
    const failure = world.call('restart', restart('a')).catch(String);
    await world.asked.promise;
    let isStopped = false;
    const stopped = world.server.stop().then(() => (isStopped = true));
    await world.clock.advance(900);
    expect(isStopped).to.equal(false);
    await world.clock.advance(100);
    await stopped;
    expect(await failure).to.include('socket hang up');
  });
});
