import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { appendFile, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@faultline/chassis/testing/eventually';
import { startProcess } from '@faultline/chassis/testing/process';
import { expect } from 'chai';
import { id, type OtlpSpan, request, span, text, TRACE } from './support/otlp.ts';
import { startTestStore, type TestStore } from './support/store.ts';

describe('a store that starts again', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'store-'));
  });

  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('has its traces, services and operations again', async () => {
    await run(async (store) => {
      await store.send([span({ spanId: id(1), attributes: [text('a', 'b')] })], { version: '1' });
    });
    await run(async (store) => {
      await store.send([span({ spanId: id(2), parentSpanId: id(1) })]);
      const { body } = await store.get(`/api/traces/${TRACE}`);
      expect(body.data[0].spans).to.have.length(2);
      const found = await store.get('/api/traces?service=gateway&version=1&tag=a:b');
      expect(found.body.data).to.have.length(1);
      const names = await store.get('/api/services/gateway/operations');
      expect(names.body.data).to.deep.equal(['GET /']);
    });
  });

  it('has what was archived, even when the rest is gone', async () => {
    await run(async (store) => {
      await store.send([span({ spanId: id(1) })]);
      await store.post(`/api/archive/${TRACE}`);
    });
    for (const name of await readdir(dir)) {
      if (name !== 'archive.log') await rm(join(dir, name));
    }
    await run(async (store) => {
      expect((await store.get(`/api/traces/${TRACE}`)).status).to.equal(200);
    });
  });

  it('does without a block that is torn, and keeps those before it', async () => {
    await fill(2);
    const [file = ''] = await segments();
    const { size } = await stat(file);
    await truncate(file, size - 7);
    await run(async (store) => {
      expect((await store.get('/api/traces/1')).status).to.equal(200);
      expect((await store.get('/api/traces/2')).status).to.equal(404);
    });
  });

  it('does without files that are rubbish', async () => {
    await fill(1);
    await writeFile(join(dir, 'spans-00000007.log'), Buffer.alloc(500, 7));
    await appendFile((await segments())[0] ?? '', 'FLT1 and then nonsense of another kind');
    await run(async (store) => {
      expect((await store.get('/api/traces/1')).status).to.equal(200);
      await store.send([span({ traceId: id(9, 32), spanId: id(9) })]);
    });
    await run(async (store) => {
      expect((await store.get('/api/traces/9')).status).to.equal(200);
    });
  });

  it('keeps no more on disk than it may, the latest of it', async () => {
    const limits = { dir, diskMaxBytes: 64 * 1_024 };
    for (let start = 1; start <= 12; start++) {
      await using store = await startTestStore(limits);
      await store.send(
        Array.from({ length: 40 }, (_, n) =>
          span({ traceId: id(start, 32), spanId: id(n + 1), attributes: [noise(start * 100 + n)] }),
        ),
      );
    }
    const sizes = await Promise.all(
      (await segments()).map(async (file) => (await stat(file)).size),
    );
    const largest = Math.max(...sizes);
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.be.at.most(64 * 1_024 + largest);
    await run(async (store) => {
      expect((await store.get('/api/traces/c')).status).to.equal(200);
      expect((await store.get('/api/traces/1')).status).to.equal(404);
    });
  });

  it('stops where its memory is full, with the latest spans', async () => {
    await fill(3);
    await using store = await startTestStore({ dir, maxBytes: 400 });
    expect(await store.restored).to.be.lessThan(3);
  });

  describe('as a process', () => {
    it('writes everything on SIGTERM', async () => {
      const first = await startStoreProcess();
      await send(first, [span({ spanId: id(1) })]);
      expect(await first.stop('SIGTERM')).to.deep.equal({ code: 0, signal: null });
      const second = await startStoreProcess();
      await eventually(async () => expect(await ask(second)).to.equal(200));
      await second.stop('SIGTERM');
    });

    it('has after SIGKILL what it was sent a moment before', async () => {
      const first = await startStoreProcess();
      await send(first, [span({ spanId: id(1) })]);
      await eventually(async () => expect(await segments()).to.have.length(1));
      await eventually(async () => {
        const [file = ''] = await segments();
        expect((await stat(file)).size).to.be.greaterThan(0);
      });
      await first.stop('SIGKILL');
      const second = await startStoreProcess();
      await eventually(async () => expect(await ask(second)).to.equal(200));
      await second.stop('SIGTERM');
    });

    it('says which setting is wrong', async () => {
      const failed = await startStoreProcess({ STORE_MAX_BYTES: 'much' }).catch(String);
      expect(failed).to.contain("STORE_MAX_BYTES: read 'much', expected a whole number");
    });
  });

  async function run(use: (store: TestStore) => Promise<void>): Promise<void> {
    await using store = await startTestStore({ dir });
    await store.restored;
    await use(store);
  }

  /** One trace in a block of its own for each start. */
  async function fill(traces: number): Promise<void> {
    await using store = await startTestStore({ dir });
    for (let trace = 1; trace <= traces; trace++) {
      await store.send([
        span({ traceId: id(trace, 32), spanId: id(1), attributes: [noise(trace)] }),
      ]);
      store.api.store.seal();
    }
  }

  async function segments(): Promise<string[]> {
    const names = (await readdir(dir)).filter((name) => name.startsWith('spans-'));
    return names.toSorted().map((name) => join(dir, name));
  }

  async function startStoreProcess(env: Record<string, string> = {}) {
    const socket = join(dir, 'otlp.sock');
    const process = await startProcess({
      dir: join(import.meta.dirname, '..'),
      entry: join(import.meta.dirname, '../src/main.ts'),
      env: {
        STORE_DIR: dir,
        STORE_LISTEN_QUERY: '127.0.0.1:0',
        STORE_LISTEN_OTLP: `unix:${socket}`,
        ...env,
      },
    });
    return { ...process, socket };
  }

  async function ask({ http }: { http: string }): Promise<number> {
    return (await fetch(`${http}/api/traces/${TRACE}`)).status;
  }
});

/** Over a Unix socket, whose address a test knows. */
async function send({ socket }: { socket: string }, spans: readonly OtlpSpan[]): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const ask = httpRequest({ socketPath: socket, path: '/v1/traces', method: 'POST', headers });
  ask.end(JSON.stringify(request(spans)));
  const [answer] = await once(ask, 'response');
  expect(answer.statusCode).to.equal(200);
  answer.resume();
}

/** Does not compress. */
function noise(seed: number): object {
  let state = seed;
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0).toString(36);
  return text('noise', Array.from({ length: 60 }, next).join(''));
}
