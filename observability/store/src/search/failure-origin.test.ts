import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import type { Incident } from '@faultline/origin/model';
import { expect } from 'chai';
import { eachSpan } from '../../test/support/fill.ts';
import { id, span, text } from '../../test/support/otlp.ts';
import { TraceStore } from '../storage/trace-store.ts';
import { findTraces } from './search.ts';

const FAILED = { code: 2 };

describe('a search by where the failure began', () => {
  it('finds the traces in which nothing below explains it', async () => {
    const store = new TraceStore({ maxBytes: 16 * 1_024 * 1_024 });
    brokenIn(store, { trace: 1, service: 'payments' });
    brokenIn(store, { trace: 2, service: 'inventory' });
    healthy(store, 3);
    expect(await search(store, 'payments')).to.deep.equal([id(1, 32)]);
    expect(await search(store, 'inventory')).to.deep.equal([id(2, 32)]);
  });

  it('does not find those who only passed the failure on', async () => {
    const store = new TraceStore({ maxBytes: 16 * 1_024 * 1_024 });
    brokenIn(store, { trace: 1, service: 'payments' });
    expect(await search(store, 'gateway')).to.deep.equal([]);
  });

  it('finds a store by its name', async () => {
    const store = new TraceStore({ maxBytes: 16 * 1_024 * 1_024 });
    const query = span({
      traceId: id(1, 32),
      spanId: id(2),
      parentSpanId: id(1),
      kind: 3,
      status: FAILED,
      attributes: [text('db.system.name', 'postgresql')],
    });
    const root = span({ traceId: id(1, 32), spanId: id(1), status: FAILED });
    eachSpan(store, { spans: [root, query], whose: { service: 'orders' } });
    expect(await search(store, 'postgres')).to.deep.equal([id(1, 32)]);
    expect(await search(store, 'orders')).to.deep.equal([]);
  });

  it('finds what an incident shows, by its id and its origin, though nothing in it failed', async () => {
    const store = new TraceStore({ maxBytes: 16 * 1_024 * 1_024 });
    healthy(store, 1);
    healthy(store, 2);
    const slow = incident({ id: 'inc-7', service: 'catalog', traces: [id(2, 32), id(9, 32)] });
    expect(await search(store, 'inc-7', [slow])).to.deep.equal([id(2, 32)]);
    expect(await search(store, 'catalog', [slow])).to.deep.equal([id(2, 32)]);
    expect(await search(store, 'orders', [slow])).to.deep.equal([]);
  });
});

/** A gateway that calls a service, which fails; both say so. */
function brokenIn(store: TraceStore, of: { trace: number; service: string }): void {
  const traceId = id(of.trace, 32);
  const [root, call, serve] = [id(1), id(2), id(3)];
  const status = [{ key: 'http.response.status_code', value: { intValue: '500' } }];
  eachSpan(store, {
    spans: [
      span({ traceId, spanId: root, status: FAILED, attributes: status }),
      span({
        traceId,
        spanId: call,
        parentSpanId: root,
        kind: 3,
        status: FAILED,
        attributes: [...status, text('server.address', of.service)],
      }),
    ],
  });
  eachSpan(store, {
    spans: [
      span({ traceId, spanId: serve, parentSpanId: call, status: FAILED, attributes: status }),
    ],
    whose: { service: of.service },
  });
}

function healthy(store: TraceStore, trace: number): void {
  eachSpan(store, { spans: [span({ traceId: id(trace, 32), spanId: id(1) })] });
}

function incident(of: { id: string; service: string; traces: string[] }): Incident {
  return {
    id: of.id,
    state: 'open',
    origin: { kind: 'service', service: of.service },
    symptom: 'latency',
    onsetMs: 0,
    namedMs: 0,
    updatedMs: 0,
    candidates: [],
    propagation: [],
    victims: [],
    absorbed: [],
    journeys: [],
    shareHit: 0,
    amplification: [],
    traces: of.traces,
    confidence: 1,
    sentence: '',
  };
}

function search(
  store: TraceStore,
  origin: string,
  incidents: readonly Incident[] = [],
): Promise<string[]> {
  const deps = { store, clock: new FakeClock(), incidents: () => incidents };
  const query = {
    services: [],
    operation: '',
    version: '',
    origin,
    startMinUs: 0,
    startMaxUs: Infinity,
    durationMinUs: 0,
    durationMaxUs: Infinity,
    tags: [],
    spansMin: 0,
    spansMax: Infinity,
    limit: 20,
  };
  return findTraces(deps, query, ({ slot }) => store.table.hexOf(slot));
}
