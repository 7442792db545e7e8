import { expect } from 'chai';
import { sample } from '../test/samples.ts';
import { server } from '../test/spans.ts';
import type { ChangeEvent } from './model.ts';
import { Vitals } from './vitals.ts';

describe('Vitals', () => {
  let vitals: Vitals;
  beforeEach(() => {
    vitals = new Vitals();
  });

  function change(event: Partial<ChangeEvent> & Pick<ChangeEvent, 'kind'>): void {
    vitals.onChange({ atMs: 1_000, service: 'orders', detail: '', ...event });
  }

  function hear(instance: string, atMs: number): void {
    const target = { view: 'inbound', instance, atMs } as const;
    vitals.onSample(sample('gateway', instance.split('-')[0] ?? '', target));
  }

  it('knows who died by what the engine tells', () => {
    change({ kind: 'instance', instance: 'orders-1', state: 'crashed', atMs: 5_000 });
    const [death] = vitals.deaths('orders', 0, 6_000);
    expect(death).to.deep.include({ atMs: 5_000, told: true });
    expect(vitals.deaths('catalog', 0, 6_000)).to.deep.equal([]);
  });

  it('does not take a wanted end for a death', () => {
    change({ kind: 'instance', instance: 'orders-1', state: 'stopping' });
    change({ kind: 'instance', instance: 'orders-1', state: 'crashed' });
    expect(vitals.deaths('orders', 0, 2_000)).to.deep.equal([]);
  });

  it('lets the dead rise', () => {
    change({ kind: 'instance', instance: 'orders-1', state: 'crashed' });
    change({ kind: 'instance', instance: 'orders-1', state: 'started', atMs: 2_000 });
    expect(vitals.deaths('orders', 0, 4_500)).to.deep.equal([]);
    const orders = { service: 'orders', instance: 'orders-1' };
    expect(vitals.isYoung(orders, { atMs: 3_000, youngMs: 5_000 })).to.equal(true);
    expect(vitals.isYoung(orders, { atMs: 9_000, youngMs: 5_000 })).to.equal(false);
  });

  it('tells of a death though the engine starts again whoever died at once', () => {
    change({ kind: 'instance', instance: 'orders-1', state: 'crashed' });
    change({ kind: 'instance', instance: 'orders-1', state: 'started', atMs: 1_200 });
    expect(vitals.deaths('orders', 0, 1_400)).to.have.length(1);
    change({ kind: 'instance', instance: 'orders-1', state: 'crashed', atMs: 9_000 });
    expect(vitals.deaths('orders', 0, 14_000)).to.have.length(1);
  });

  it('sees by their silence who has gone, while others are heard', () => {
    for (let second = 0; second < 10; second++) {
      hear('orders-1', second * 1_000);
      hear('catalog-1', second * 1_000);
    }
    for (let second = 10; second < 14; second++) hear('catalog-1', second * 1_000);
    const [death] = vitals.deaths('orders', 0, 13_500);
    expect(death).to.deep.include({ atMs: 9_000, told: false });
  });

  it('takes nobody for dead whose counters are silent and whose spans are not', () => {
    for (let second = 0; second < 10; second++) {
      hear('orders-1', second * 1_000);
      hear('catalog-1', second * 1_000);
    }
    for (let second = 10; second < 14; second++) hear('catalog-1', second * 1_000);
    vitals.onSpan(server('orders', { instance: 'orders-1', startMs: 12_000 }));
    expect(vitals.deaths('orders', 0, 13_500)).to.deep.equal([]);
  });

  it('does not take a system that nobody scrapes for dead', () => {
    for (let second = 0; second < 10; second++) {
      hear('orders-1', second * 1_000);
      hear('catalog-1', second * 1_000);
    }
    expect(vitals.deaths('orders', 0, 20_000)).to.deep.equal([]);
  });

  it('expects instances to go while their service is scaled or deployed', () => {
    for (let second = 0; second < 10; second++) {
      hear('orders-1', second * 1_000);
      hear('catalog-1', second * 1_000);
    }
    change({ kind: 'scale', atMs: 9_000 });
    for (let second = 10; second < 14; second++) hear('catalog-1', second * 1_000);
    expect(vitals.deaths('orders', 0, 13_500)).to.deep.equal([]);
  });

  it('finds the change that brought a version, if it was not long ago', () => {
    change({ kind: 'deploy', version: '2', atMs: 1_000 });
    change({ kind: 'weight', version: '2', atMs: 3_000, detail: '10 % to 2' });
    const within = { atMs: 5_000, withinMs: 60_000 };
    expect(vitals.arrivalOf('orders', '2', within)?.detail).to.equal('10 % to 2');
    expect(vitals.arrivalOf('orders', '1', within)).to.equal(undefined);
    expect(vitals.arrivalOf('catalog', '2', within)).to.equal(undefined);
    expect(vitals.arrivalOf('orders', '2', { atMs: 90_000, withinMs: 60_000 })).to.equal(undefined);
  });

  it('tells whether a version has been taken back since, by whoever says which or does not', () => {
    change({ kind: 'rollback', version: '2', atMs: 4_000 });
    expect(vitals.isTakenBack('orders', '2', 3_000)).to.equal(true);
    expect(vitals.isTakenBack('orders', '2', 5_000)).to.equal(false);
    expect(vitals.isTakenBack('orders', '3', 3_000)).to.equal(false);
    change({ kind: 'rollback', atMs: 6_000 });
    expect(vitals.isTakenBack('orders', '3', 5_000)).to.equal(true);
    expect(vitals.isTakenBack('catalog', '3', 5_000)).to.equal(false);
  });

  it('knows who is down, and who has only just come back', () => {
    const who = { service: 'orders', instance: 'orders-1' };
    const tell = (state: 'started' | 'crashed', atMs: number) =>
      change({ kind: 'instance', instance: 'orders-1', state, atMs });
    tell('started', 1_000);
    expect(vitals.isDown(who, 1_500)).to.equal(false);
    tell('crashed', 9_000);
    expect(vitals.isDown(who, 20_000)).to.equal(true);
    tell('started', 21_000);
    expect(vitals.isDown(who, 21_500)).to.equal(true);
    expect(vitals.isDown(who, 22_500)).to.equal(false);
  });
});
