import { expect } from 'chai';
import { FakeTime } from '../../test/support/fake-time.ts';
import { request, response, textOf } from '../../test/support/exchange.ts';
import { ProxyError } from '../errors.ts';
import { Body } from '../http/body.ts';
import type { Handler } from '../layer.ts';
import { Series } from '../metrics/registry.ts';
import { retry } from './retry.ts';

const policy = { statuses: [[502, 504]], grpcStatuses: [14], limit: 2 } as const;

function subject(next: Handler, options: { isReady?: () => boolean; timeoutMs?: number } = {}) {
  const clock = new FakeTime();
  const series = {
    requests: new Series(),
    successes: new Series(),
    limit_exceeded: new Series(),
    overflow: new Series(),
  };
  const { timeoutMs } = options;
  const layer = retry({
    policy: { ...policy, ...(timeoutMs !== undefined && { timeoutMs }) },
    clock,
    random: () => 0,
    series,
    isReady: options.isReady ?? (() => true),
  });
  if (!layer) throw new Error('a policy makes a layer');
  return { clock, series, handle: layer(next) };
}

describe('retry', () => {
  it('is absent without a policy', () => {
    const { clock, series } = subject(() => Promise.resolve(response()));
    expect(
      retry({ policy: undefined, clock, random: () => 0, series, isReady: () => true }),
    ).to.equal(undefined);
  });

  it('retries connection errors as the 502 they become, after growing pauses', async () => {
    const times: number[] = [];
    const { clock, handle, series } = subject(() => {
      times.push(clock.monotonic());
      return Promise.reject(new ProxyError('reset', 'broken'));
    });
    const reply = handle(request()).catch((error: unknown) => error);
    await clock.pass(1_000);
    expect(await reply).to.have.property('kind', 'reset');
    expect(times.map((ms) => ms - (times[0] ?? 0))).to.deep.equal([0, 25, 75]);
    expect(series.limit_exceeded.value).to.equal(1);
  });

  it('retries no load shedding, no route timeout and no status that is not listed', async () => {
    for (const kind of ['load-shed', 'request-timeout', 'cancelled'] as const) {
      let attempts = 0;
      const { handle } = subject(() => {
        attempts++;
        return Promise.reject(new ProxyError(kind, kind));
      });
      await handle(request()).catch((error: unknown) => error);
      expect(attempts, kind).to.equal(1);
    }
    const { handle } = subject(() => Promise.resolve(response(500)));
    expect((await handle(request())).status).to.equal(500);
  });

  it('judges gRPC by its own status', async () => {
    let attempts = 0;
    const { clock, handle } = subject(() => {
      attempts++;
      return Promise.resolve(
        response(200, '', ['content-type', 'application/grpc', 'grpc-status', '14']),
      );
    });
    const reply = handle(request());
    await clock.pass(1_000);
    await reply;
    expect(attempts).to.equal(3);
  });

  it('returns the earlier reply when nothing would take the retry', async () => {
    const { clock, handle, series } = subject(() => Promise.resolve(response(503, 'first')), {
      isReady: () => false,
    });
    const reply = handle(request());
    await clock.pass(100);
    expect(await textOf((await reply).body)).to.equal('first');
    expect(series.overflow.value).to.equal(1);
  });

  it('does not retry a request whose body it has not read to the end', async () => {
    let attempts = 0;
    const { handle } = subject((attempt) => {
      attempts++;
      attempt.body.pipe({ data() {}, end() {}, fail() {} });
      return Promise.resolve(response(503));
    });
    const body = new Body(undefined);
    body.push(Buffer.from('half'));
    expect((await handle(request({ method: 'POST', body }))).status).to.equal(503);
    expect(attempts).to.equal(1);
  });

  it('cancels an attempt that takes too long, and none but the last waits for ever', async () => {
    let attempts = 0;
    const { clock, handle } = subject(
      (attempt) => {
        attempts++;
        attempt.body.pipe({ data() {}, end() {}, fail() {} });
        return new Promise((_, reject) => attempt.scope.listen(reject));
      },
      { timeoutMs: 100 },
    );
    const outgoing = request();
    const reply = handle(outgoing).catch((error: unknown) => error);
    await clock.pass(10_000);
    expect(attempts).to.equal(3);
    outgoing.scope.cancel(new ProxyError('cancelled', 'gone'));
    expect(await reply).to.have.property('kind', 'cancelled');
    expect(clock.pending).to.equal(0);
  });
});
