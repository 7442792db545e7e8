import { expect } from 'chai';
import type { Books } from './books.ts';
import { EdgeBook } from './edges.ts';
import type { Finding } from './finding.ts';
import { Rows } from './rows.ts';
import { cutOffCallers } from './ways.ts';

const component = { kind: 'service', name: 'orders' } as const;

describe('cutOffCallers', () => {
  it('believes traces before counts when nearly all slow calls were held up on their way', () => {
    expect(cutOff([true, true, true, true, false])).to.deep.equal(['gateway']);
    expect(cutOff([true, true, true, false])).to.deep.equal([]);
    expect(cutOff([true, true])).to.deep.equal([]);
  });
});

/** Whose way it is, when each of the gateway's slow calls of orders was held up on it, or not. */
function cutOff(onTheWay: readonly boolean[]): string[] {
  const rows = new Rows();
  rows.row({ family: 'route', component, caller: 'gateway' }, 0);
  const findings = onTheWay.map(slowCall);
  const books = { rows, edges: new EdgeBook(rows), findings } as unknown as Books;
  return [...cutOffCallers(component, { rows: rows.into(component), sinceMs: 0, books })];
}

function slowCall(isOnTheWay: boolean): Finding {
  return {
    traceId: '1',
    atMs: 1_000,
    startedMs: 400,
    component,
    where: isOnTheWay ? 'between' : 'own',
    isOnTheWay,
    symptom: 'latency',
    caller: { service: 'gateway' },
    excessMs: 500,
    gaveUp: false,
    path: [],
    journeyHit: true,
    behindQueue: false,
  };
}
