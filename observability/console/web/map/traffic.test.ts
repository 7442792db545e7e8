import { expect } from 'chai';
import { aFrame, aNode, anEdge } from '../testing/samples.ts';
import { describeEdge, lookOf } from './edge-look.ts';
import { placeLabels } from './labels.ts';
import { Particles } from './particles.ts';
import { pointOn, trackOf } from './path.ts';
import { pulsesOf, sample } from './traffic.ts';

const half = () => 0.5;
const track = trackOf([
  { x: 0, y: 0 },
  { x: 0, y: 100 },
]);

describe('what moves on the map', () => {
  it('is every call while there are few, and a sample that hides no failure when there are many', () => {
    expect(sample({ count: 2, failed: 1 }, 200, half)).to.deep.equal({ count: 2, failed: 1 });
    const many = sample({ count: 1_000, failed: 1 }, 200, half);
    expect(many.count).to.be.within(1, 3);
    expect(many.failed).to.equal(1);
    expect(sample({ count: 1_000, failed: 1_000 }, 200, half)).to.deep.equal({
      count: many.count,
      failed: many.count,
    });
  });

  it('comes at the rates of a frame where only these are kept', () => {
    const nodes = [aNode('gateway', { requestsPerSecond: 10 })];
    const edges = [anEdge('gateway', 'orders', { requestsPerSecond: 20, errorShare: 1 })];
    expect(pulsesOf(aFrame(0, { nodes, edges }), 1_000, half)).to.deep.equal([
      { from: 'people', to: 'gateway', count: 10, failed: 0 },
      { from: 'gateway', to: 'orders', count: 20, failed: 20 },
    ]);
  });

  it('goes from caller to callee, and from callee to caller when it failed', () => {
    const particles = new Particles(() => 0);
    particles.add('a b', { count: 2, failed: 1, overMs: 0 });
    const seen = () => [...particles.drawn(() => track)].map(({ y, isFailure }) => [y, isFailure]);
    expect(seen()).to.deep.equal([
      [100, true],
      [0, false],
    ]);
    particles.step(100, () => track);
    const [[coming = 0] = [], [going = 0] = []] = seen();
    expect(coming).to.be.within(50, 99);
    expect(going).to.be.within(1, 50);
    particles.step(1_000, () => track);
    expect(particles.size).to.equal(0);
  });

  it('is never more than can be drawn', () => {
    const particles = new Particles(half);
    for (let at = 0; at < 100; at++) particles.add('a b', { count: 100, failed: 0, overMs: 200 });
    expect(particles.size).to.equal(700);
    particles.add('a b', { count: 1, failed: 1, overMs: 200 });
    expect(particles.size, 'a failure is seen all the same').to.equal(701);
    particles.step(5_000, () => undefined);
    expect(particles.size).to.equal(0);
  });
});

describe('an edge of the map', () => {
  it('says nothing while all is as it should be', () => {
    const look = lookOf(anEdge('a', 'b', { errorShare: 0.001 }), { isBroken: false });
    expect(look).to.include({ state: 'carrying', amplification: undefined });
    expect(look.label).to.deep.equal([]);
    expect(lookOf(anEdge('a', 'b', { requestsPerSecond: 0 }), { isBroken: false }).state).to.equal(
      'idle',
    );
  });

  it('says what fails, what retries make of it, and that a breaker is open', () => {
    const edge = anEdge('a', 'b', {
      requestsPerSecond: 10,
      errorShare: 0.2,
      retriesPerSecond: 15,
      openBreakers: 1,
    });
    const look = lookOf(edge, { isBroken: false });
    expect(look.state).to.equal('failing');
    expect(look.amplification).to.equal(2.5);
    expect(look.label).to.deep.equal(['20 % failed', '×2.5 by retries', 'breaker open']);
    expect(lookOf(edge, { isBroken: true }).state).to.equal('broken');
  });

  it('tells all that is known of it in a sentence', () => {
    const edge = anEdge('a', 'b', { requestsPerSecond: 10, p95Ms: 12, mtls: false });
    expect(describeEdge(edge)).to.equal('a to b, 10 /s, 0 % failed, p95 12 ms, no mutual TLS');
  });

  it('begins and ends where it should, and has its labels beside each other', () => {
    expect(pointOn(track, 0)).to.deep.equal({ x: 0, y: 0 });
    expect(pointOn(track, 1).y).to.be.closeTo(100, 0.01);
    const label = { track, width: 40, height: 20 };
    const around = { nodes: [], tags: [], width: 500, height: 500 };
    const placed = placeLabels(
      [
        { key: 'one', ...label },
        { key: 'two', ...label },
      ],
      around,
    );
    const [one, two] = [placed.get('one'), placed.get('two')];
    expect(one?.x).to.equal(22);
    expect(Math.abs((one?.y ?? 0) - (two?.y ?? 0))).to.be.at.least(15);
  });
});
