import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { finish } from '../test/finish.ts';
import { gone, problem, product, stubShop } from '../test/stub-shop.ts';
import type { HttpRequest, Send } from './http.ts';
import type { Outcome } from './outcome.ts';
import { type LoadOptions, runLoad } from './run.ts';

/** Runs against a stub, on a clock that is moved on until it is over. */
async function run(send: Send, options: Partial<LoadOptions> = {}) {
  const clock = new FakeClock();
  const outcomes: Outcome[] = [];
  const running = runLoad({
    target: 'http://shop.test',
    rps: 10,
    durationMs: 10_000,
    seed: 5,
    weights: { search: 1 },
    clock,
    send: (request, signal) => send(request, signal),
    onOutcome: (outcome) => outcomes.push(outcome),
    ...options,
  });
  return { report: await finish(clock, running), outcomes };
}

/** As a shop where every page takes so long. */
function slowShop(clockOf: { sleep(ms: number): Promise<void> }, ms: number): Send {
  const { send } = stubShop();
  return async (request, signal) => {
    if (request.path.startsWith('/search')) await clockOf.sleep(ms);
    return send(request, signal);
  };
}

describe('load', () => {
  it('sends as many people to a shop that stalls as to one that does not', async () => {
    const dues = async (ms: number) => {
      const clock = new FakeClock();
      const starts: string[] = [];
      const running = runLoad({
        target: 'http://shop.test',
        rps: 30,
        durationMs: 10_000,
        seed: 5,
        weights: { search: 1 },
        clock,
        send: slowShop(clock, ms),
        onOutcome: ({ step, atMs }) => {
          if (step === 'search page') starts.push(atMs.toFixed(3));
        },
      });
      const { journeys } = await finish(clock, running);
      return { starts, started: journeys['search']?.started };
    };
    const quick = await dues(0);
    const stalled = await dues(9_000);
    expect(quick.started).to.be.within(80, 130);
    expect(stalled).to.deep.equal(quick);
  });

  it('counts latency from when a request was due, not from when there was time for it', async () => {
    const clock = new FakeClock();
    const { send } = stubShop();
    let isFirst = true;
    const latencies: number[] = [];
    const running = runLoad({
      target: 'http://shop.test',
      rps: 30,
      durationMs: 5_000,
      seed: 5,
      weights: { browse: 1 },
      send,
      // A machine that is away for two seconds when the first person is due.
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        async sleep(ms, signal) {
          await clock.sleep(isFirst ? ms + 2_000 : ms, signal);
          isFirst = false;
        },
      },
      onOutcome: ({ step, latencyMs }) => {
        if (step === 'home page') latencies.push(latencyMs);
      },
    });
    const report = await finish(clock, running);
    const late = latencies.filter((ms) => ms > 0);
    expect(Math.max(...late)).to.be.within(1_900, 2_000);
    expect(late.length).to.be.greaterThan(5);
    expect(report.lag_ms.max).to.equal(Math.round(Math.max(...late) * 10) / 10);
    expect(report.journeys['browse']?.started).to.be.greaterThan(20);
  });

  it('turns people away when too many are under way, and counts them', async () => {
    const clock = new FakeClock();
    const running = runLoad({
      target: 'http://shop.test',
      rps: 30,
      durationMs: 10_000,
      seed: 5,
      weights: { search: 1 },
      concurrencyMax: 4,
      clock,
      send: slowShop(clock, 20_000),
    });
    const { journeys, shed } = await finish(clock, running);
    expect(journeys['search']).to.include({ started: 4, completed: 4, shed });
    expect(shed).to.be.greaterThan(70);
  });

  it('makes the requests a second that were asked for, whatever the journeys', async () => {
    for (const weights of [{ search: 1 }, { browse: 1 }, { browse: 1, search: 3 }]) {
      const { report } = await run(stubShop().send, {
        durationMs: 600_000,
        weights,
      });
      expect(report.rps.asked).to.equal(10);
      expect(report.rps.sent).to.be.closeTo(10, 1);
      expect(report).to.include({ failed: 0, shed: 0, in_flight: 0, duration_ms: 600_000 });
    }
  });

  it('asks for the same things in the same order for the same seed', async () => {
    const paths = async (seed: number) => {
      const { send, asked } = stubShop();
      await run(send, { seed });
      return asked.map(({ method, path }: HttpRequest) => `${method} ${path}`);
    };
    expect(await paths(1)).to.deep.equal(await paths(1));
  });

  it('tells failures by cause, with an example, and goes on', async () => {
    let count = 0;
    const { send } = stubShop({
      'GET /search': () => (count++ % 2 === 0 ? problem(503, 'unavailable') : gone),
    });
    const { report, outcomes } = await run(send);
    const [first, second] = report.errors;
    expect([first?.cause, second?.cause]).to.have.members(['503 unavailable', 'reset ECONNRESET']);
    expect(report.failed).to.equal(report.requests).and.to.equal(outcomes.length);
    expect(report.journeys['search']?.failed).to.equal(report.failed);
    expect(first?.steps).to.deep.equal({ 'search page': first?.count });
    expect(report.errors.find(({ kind }) => kind === 'problem')?.example).to.deep.equal({
      step: 'search page',
      detail: 'D',
      trace_id: 'f00',
    });
  });

  it('tells whole answers that are not what was asked for', async () => {
    const other = '01900000-0000-7000-8000-0000000000ff';
    const path = `/api/v1/products/${product.id}`;
    const { send } = stubShop();
    const { report } = await run(async (request, signal) => {
      const reply = await send(request, signal);
      if (request.path !== path || reply.kind === 'none') return reply;
      return { ...reply, body: Buffer.from(reply.body.toString().replace(product.id, other)) };
    });
    expect(report.errors.map(({ cause }) => cause)).to.deep.equal(['wrong body']);
    expect(report.errors[0]?.example.detail).to.include(`asked for product ${product.id}`);
  });

  it('ends early when it is told to, and reports what was', async () => {
    const stop = new AbortController();
    const { send, asked } = stubShop();
    const { report } = await run(
      async (request, signal) => {
        if (asked.length === 20) stop.abort();
        return send(request, signal);
      },
      { signal: stop.signal },
    );
    expect(report.requests).to.be.within(19, 22);
    expect(report.duration_ms).to.be.lessThan(9_000);
  });

  it('gives what is under way some time, then cuts it off', async () => {
    const { send } = stubShop();
    const { report } = await run(
      (request, signal) =>
        request.path.startsWith('/search')
          ? new Promise((resolve) => {
              signal.addEventListener('abort', () =>
                resolve({ kind: 'none', cause: 'stopped', detail: '' }),
              );
            })
          : send(request, signal),
      { graceMs: 2_000 },
    );
    expect(report.unfinished).to.be.greaterThan(10);
    expect(report).to.include({ requests: 0, failed: 0, in_flight: 0 });
  });

  it('tells how it goes twice a second', async () => {
    const seen: number[] = [];
    await run(stubShop().send, { onProgress: ({ requests }) => seen.push(requests) });
    expect(seen.length).to.be.within(19, 22);
    expect(seen).to.deep.equal(seen.toSorted((a, b) => a - b));
  });

  it('does not begin where nobody answers', async () => {
    const failure = await run(() => Promise.resolve(gone)).catch(String);
    expect(failure).to.equal('StepFailed: reset ECONNRESET: ECONNRESET');
  });

  it('does not hide a mistake in a journey', async () => {
    const broken = {
      name: 'broken',
      weight: 1,
      requests: 1,
      make: () => Promise.reject(new TypeError('a mistake')),
    };
    const failure = await run(stubShop().send, {
      journeys: [broken],
      weights: { broken: 1 },
    }).catch(String);
    expect(failure).to.equal('TypeError: a mistake');
  });
});
