import { expect } from 'chai';
import type { Incident, Origin, Symptom } from './model.ts';
import { nameOf, sentenceOf } from './sentence.ts';

const incident: Omit<Incident, 'sentence'> = {
  id: 'inc-1',
  state: 'open',
  origin: { kind: 'service', service: 'payments' },
  symptom: 'errors',
  onsetMs: Date.UTC(2026, 0, 5, 9, 30, 1, 250),
  namedMs: 0,
  updatedMs: 0,
  candidates: [],
  propagation: [],
  victims: [],
  absorbed: [],
  journeys: [],
  shareHit: 0,
  amplification: [],
  traces: [],
  confidence: 1,
};

function victim(service: string) {
  return { service, atMs: 0, requests: 1, failed: 1, slow: 0 };
}

describe('sentenceOf', () => {
  it('says who, how, since when, who followed, who absorbed it and how many were hit', () => {
    const sentence = sentenceOf({
      ...incident,
      ratio: { bad: 14, total: 15 },
      victims: [victim('orders'), victim('gateway')],
      absorbed: [{ by: 'retry', service: 'orders', count: 3 }],
      journeys: [{ name: 'POST /api/v1/orders', requests: 16, hit: 11 }],
      shareHit: 0.123,
    });
    expect(sentence).to.equal(
      'Payments has failed 14 of 15 calls since 09:30:01.250Z; orders and gateway followed; ' +
        'orders absorbed 3 of it by retry; 12 % of requests from outside were hit, most of all ' +
        'POST /api/v1/orders (11 of 16).',
    );
  });

  it('says so when nobody outside was hit', () => {
    const sentence = sentenceOf({ ...incident, ratio: { bad: 2, total: 2 } });
    expect(sentence).to.match(/; no request from outside was hit\.$/);
  });

  const symptoms: [Symptom, RegExp][] = [
    ['latency', /has been slow in 2 of 4 calls/],
    ['silence', /has not answered 2 of 4 calls in time/],
    ['unreachable', /has not been reached by 2 of 4 calls/],
    ['backlog', /has fallen 2 messages behind/],
    ['overload', /has made 2 of 4 requests slow or fail/],
  ];
  for (const [symptom, expected] of symptoms) {
    it(`has words for ${symptom}`, () => {
      expect(sentenceOf({ ...incident, symptom, ratio: { bad: 2, total: 4 } })).to.match(expected);
    });
  }

  const names: [Origin, string][] = [
    [{ kind: 'instance', service: 'a', instance: 'a-1' }, 'the instance a-1 of a'],
    [{ kind: 'version', service: 'a', version: '2' }, 'version 2 of a'],
    [{ kind: 'edge', service: 'b', edge: { from: 'a', to: 'b' } }, 'the way from a to b'],
    [{ kind: 'store', service: 'redis' }, 'the store redis'],
    [{ kind: 'provider', service: 'bank' }, 'the provider bank'],
    [{ kind: 'queue', service: 'jobs' }, 'the queue jobs'],
    [{ kind: 'load', service: 'gateway' }, 'a rush of requests'],
  ];
  for (const [origin, name] of names) {
    it(`calls a ${origin.kind} ${name}`, () => {
      expect(nameOf(origin)).to.equal(name);
    });
  }
});
