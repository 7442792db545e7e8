import { expect } from 'chai';
import { sample } from '../test/samples.ts';
import { EdgeBook } from './edges.ts';
import type { EdgeSample } from './model.ts';
import { Rows } from './rows.ts';

describe('EdgeBook', () => {
  let rows: Rows;
  let book: EdgeBook;
  let nowMs: number;
  beforeEach(() => {
    rows = new Rows();
    book = new EdgeBook(rows);
    nowMs = 0;
  });

  function add(...samples: EdgeSample[]): void {
    nowMs += 1_000;
    for (const one of samples)
      book.add({ ...one, atMs: nowMs }, { nowMs, cold: false, fresh: false });
  }

  function into(name: string, kind: 'service' | 'store' = 'service') {
    const [row] = rows.into({ kind, name });
    return { hard: row?.hard.sum(0), soft: row?.soft.sum(0), nobody: row?.nobody.sum(0) };
  }

  it('counts failures by whether anybody was there', () => {
    add(sample('gateway', 'orders', { failures: { status: 2, reset: 1, failfast: 3 } }));
    expect(into('orders').hard).to.deep.equal({ bad: 6, total: 10 });
    expect(into('orders').nobody).to.deep.equal({ bad: 3, total: 3 });
  });

  it('takes a caller that went away for a sign of slowness, not for a failure', () => {
    add(sample('gateway', 'orders', { view: 'inbound', failures: { cancelled: 2 } }));
    expect(into('orders').hard?.bad).to.equal(0);
    expect(into('orders').soft?.bad).to.equal(2);
  });

  it('does not take for answered what its caller gave up', () => {
    add(sample('gateway', 'orders', { failures: { cancelled: 4 } }));
    expect(into('orders').hard).to.deep.equal({ bad: 0, total: 6 });
  });

  it('learns what latency is usual and counts what is beyond it', () => {
    for (let second = 0; second < 10; second++) add(sample('gateway', 'orders', { tookMs: 8 }));
    expect(into('orders').soft?.bad).to.equal(0);
    add(sample('gateway', 'orders', { tookMs: 400, responses: 7 }));
    expect(into('orders').soft?.bad).to.equal(7);
  });

  it('counts what nearly all take longer than, though some have always taken as long', () => {
    for (let second = 0; second < 30; second++) {
      add(sample('gateway', 'orders', { tookMs: second % 20 === 0 ? 900 : 8 }));
    }
    const before = into('orders').soft?.bad ?? 0;
    add(sample('gateway', 'orders', { tookMs: 450, responses: 10 }));
    expect((into('orders').soft?.bad ?? 0) - before).to.equal(10);
  });

  it('sees calls that do not come back, before they do', () => {
    for (let second = 0; second < 5; second++) add(sample('gateway', 'orders'));
    add(sample('gateway', 'orders', { requests: 3, responses: 0 }));
    expect(into('orders').soft?.bad).to.equal(0);
    add(sample('gateway', 'orders', { requests: 2, responses: 0 }));
    expect(into('orders').soft?.bad).to.be.greaterThan(2);
  });

  it('tells calls that are stuck by the second, however often it is told', () => {
    const half = { periodMs: 500, requests: 5, responses: 5 };
    const look = (options: Partial<EdgeSample>) => {
      nowMs += 500;
      const one = { ...sample('gateway', 'orders', { ...half, ...options }), atMs: nowMs };
      book.add(one, { nowMs, cold: false, fresh: false });
    };
    for (let count = 0; count < 10; count++) look({});
    look({ requests: 3, responses: 0 });
    look({ requests: 0, responses: 0 });
    expect(into('orders').soft?.bad).to.equal(0);
    look({ requests: 0, responses: 0 });
    expect(into('orders').soft?.bad).to.be.greaterThan(2);
  });

  it('does not take calls for stuck that usually take half a second', () => {
    for (let second = 0; second < 5; second++) add(sample('gateway', 'images', { tookMs: 450 }));
    for (let second = 0; second < 3; second++) {
      add(sample('gateway', 'images', { requests: 3, responses: 0 }));
    }
    expect(into('images').soft?.bad).to.equal(0);
  });

  it('makes no more of a call that never ends the longer it lasts', () => {
    for (let second = 0; second < 5; second++) add(sample('gateway', 'orders'));
    add(sample('gateway', 'orders', { requests: 11, responses: 10 }));
    for (let second = 0; second < 10; second++) add(sample('gateway', 'orders', { responses: 0 }));
    expect(into('orders').soft?.bad).to.be.within(1, 2);
  });

  it('gets used to streams that stay open', () => {
    for (let second = 0; second < 5; second++) add(sample('gateway', 'orders'));
    add(sample('gateway', 'orders', { requests: 12, responses: 10 }));
    for (let second = 0; second < 120; second++) add(sample('gateway', 'orders'));
    const [row] = rows.into({ kind: 'service', name: 'orders' });
    expect(row?.soft.sum(nowMs - 5_000).bad).to.equal(0);
  });

  function store(of: { read: number; written: number; opened?: number }): EdgeSample {
    return sample('orders', 'postgres', {
      view: 'tcp',
      kind: 'store',
      responses: 0,
      bytesRead: of.read,
      bytesWritten: of.written,
      connectionsOpened: of.opened ?? 0,
      connectionsClosed: of.opened ?? 0,
    });
  }

  it('sees a store that is asked and does not answer', () => {
    for (let second = 0; second < 20; second++) add(store({ read: 4_000, written: 900 }));
    expect(into('postgres', 'store').soft?.bad).to.equal(0);
    add(store({ read: 0, written: 900 }));
    expect(into('postgres', 'store').soft?.bad).to.equal(1);
  });

  it('makes nothing of a connection that has nothing to say, until somebody waits', () => {
    for (let second = 0; second < 120; second++) add(store({ read: 4_000, written: 900 }));
    add(store({ read: 0, written: 0 }));
    expect(into('postgres', 'store').soft?.bad).to.equal(0);
    const stuck = { view: 'inbound', instance: 'orders-1', responses: 0 } as const;
    for (let second = 0; second < 5; second++) {
      add(sample('gateway', 'orders', { ...stuck, responses: 10 }));
    }
    add(sample('gateway', 'orders', { ...stuck, requests: 3 }));
    add(sample('gateway', 'orders', stuck), store({ read: 0, written: 0 }));
    expect(into('postgres', 'store').soft?.bad).to.equal(1);
  });

  it('knows how long a reader of a stream waits for its answer, and when it is too long', () => {
    const turn = (asks: boolean, answered: boolean) =>
      add(store({ read: answered ? 12 : 0, written: asks ? 300 : 0 }));
    for (let second = 0; second < 20; second++) turn(second % 2 === 0, second % 2 === 0);
    // From now on it is answered in the second after.
    for (let second = 0; second < 20; second++) turn(second % 2 === 0, second % 2 === 1);
    expect(into('postgres', 'store').soft?.bad).to.equal(1);
    for (let second = 0; second < 4; second++) turn(true, false);
    expect(into('postgres', 'store').soft?.bad).to.equal(4);
  });

  it('gives a store a second to answer, however often it is told of', () => {
    const half = (of: { read: number; written: number }) => {
      nowMs += 500;
      book.add({ ...store(of), atMs: nowMs, periodMs: 500 }, { nowMs, cold: false, fresh: false });
    };
    for (let count = 0; count < 40; count++) {
      half({ read: 0, written: 900 });
      half({ read: 4_000, written: 0 });
    }
    expect(into('postgres', 'store').soft?.bad).to.equal(0);
    half({ read: 0, written: 900 });
    half({ read: 0, written: 900 });
    expect(into('postgres', 'store').soft?.bad).to.equal(1);
  });

  it('sees a store that says nothing on new connections', () => {
    for (let second = 0; second < 20; second++) add(store({ read: 4_000, written: 900 }));
    const opening = { ...store({ read: 0, written: 0 }), connectionsOpened: 2 };
    // A word may come in the next period.
    add(opening);
    expect(into('postgres', 'store').soft?.bad).to.equal(0);
    for (let second = 0; second < 20; second++) add(store({ read: 0, written: 0 }));
    expect(into('postgres', 'store').soft?.bad).to.be.within(1, 3);
  });

  it('sees a store whose connections break', () => {
    for (let second = 0; second < 20; second++) add(store({ read: 4_000, written: 900 }));
    add(store({ read: 100, written: 300, opened: 6 }));
    expect(into('postgres', 'store').hard?.bad).to.equal(1);
  });

  it('counts the connections that a store closes without a word', () => {
    for (let second = 0; second < 20; second++) add(store({ read: 4_000, written: 900 }));
    add(store({ read: 0, written: 0, opened: 6 }));
    expect(into('postgres', 'store').hard).to.include({ bad: 6 });
  });

  it('does not hold against a store that one who keeps starting drops its connections', () => {
    for (let second = 0; second < 20; second++) add(store({ read: 4_000, written: 900 }));
    const churn = { ...store({ read: 0, written: 300, opened: 6 }), atMs: (nowMs += 1_000) };
    book.add(churn, { nowMs, cold: true, fresh: false });
    expect(into('postgres', 'store').hard?.bad).to.equal(0);
  });

  it('says nothing of what takes long at who has only just come, and all of what fails there', () => {
    for (let second = 0; second < 5; second++) add(sample('gateway', 'orders'));
    const of = { requests: 9, responses: 6, tookMs: 900, failures: { timeout: 3, status: 2 } };
    for (let second = 0; second < 3; second++) {
      nowMs += 1_000;
      const one = { ...sample('gateway', 'orders', of), atMs: nowMs };
      book.add(one, { nowMs, cold: false, fresh: true });
    }
    expect(into('orders').soft?.bad).to.equal(0);
    expect(into('orders').hard?.bad).to.equal(6);
  });

  it('knows of retries, of what they rescued, and of breakers that are open', () => {
    add(
      sample('gateway', 'orders', {
        view: 'route',
        retries: 4,
        retrySuccesses: 3,
        endpointsReady: 1,
        endpointsPending: 1,
      }),
    );
    const attempts = book.attempts.get('gateway orders');
    expect(attempts?.retries.sum(0)).to.deep.equal({ bad: 4, total: 10 });
    expect(attempts?.rescued.sum(0).bad).to.equal(3);
    expect(book.isHeldBack('gateway', 'orders')).to.equal(true);
    expect(book.isHeldBack('gateway', 'catalog')).to.equal(false);
  });

  it('tells how long attempts took lately', () => {
    for (let second = 0; second < 5; second++) add(sample('gateway', 'orders', { tookMs: 8 }));
    expect(book.latencyOf('gateway', 'orders')).to.deep.equal({ p50Ms: 7.5, p99Ms: 9.95 });
    expect(book.latencyOf('gateway', 'nobody')).to.deep.equal({});
  });
});
