import { expect } from 'chai';
import fc from 'fast-check';
import { loadOf, PeakEwma } from '../src/ewma.ts';
import { pickTwo } from '../src/p2c.ts';
import { seededRandom } from '../src/random.ts';
import { drawBackend } from '../src/split.ts';

const ready = (...weights: number[]) => weights.map((weight) => ({ weight, ready: true }));

describe('a split', () => {
  it('draws by weight', () => {
    const random = seededRandom(1);
    const counts = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const index = drawBackend(ready(90, 10, 0), random);
      if (index !== undefined) counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(counts[1]).to.be.within(1_800, 2_200);
    expect(counts[2]).to.equal(0);
  });

  it('draws independently: a backend of weight 1 in 2 comes twice running about half the time', () => {
    const random = seededRandom(2);
    const drawn = Array.from({ length: 4_000 }, () => drawBackend(ready(1, 1), random));
    const repeats = drawn.filter((index, i) => i > 0 && index === drawn[i - 1]).length;
    expect(repeats).to.be.within(1_850, 2_150);
  });

  it('ignores the weight of a single backend', () => {
    expect(drawBackend(ready(0), seededRandom(1))).to.equal(0);
    expect(drawBackend([{ weight: 1, ready: false }], seededRandom(1))).to.equal(undefined);
  });

  it('never draws what is not ready or weighs nothing', () => {
    const backend = fc.record({ weight: fc.nat(100), ready: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(backend, { minLength: 2, maxLength: 6 }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (backends, draw) => {
          const index = drawBackend(backends, () => draw);
          const possible = backends.some((candidate) => candidate.ready && candidate.weight > 0);
          expect(index !== undefined).to.equal(possible);
          if (index !== undefined)
            expect(backends[index])
              .to.include({ ready: true })
              .and.property('weight')
              .greaterThan(0);
        },
      ),
    );
  });
});

describe('peak EWMA', () => {
  const ewma = () => new PeakEwma({ initialMs: 30, decayMs: 10_000, nowMs: 0 });

  it('takes a peak at once', () => {
    const average = ewma();
    average.add(200, 100);
    expect(average.at(100)).to.equal(200);
  });

  it('comes down by how long it has been', () => {
    const average = ewma();
    average.add(200, 0);
    average.add(50, 10_000);
    expect(average.at(10_000)).to.be.closeTo(200 * Math.exp(-1) + 50 * (1 - Math.exp(-1)), 1e-9);
  });

  it('fades without samples, so that a slow endpoint is tried again', () => {
    const average = ewma();
    average.add(200, 0);
    expect(average.at(30_000)).to.be.closeTo(200 * Math.exp(-3), 1e-9);
  });

  it('stays between zero and the highest sample', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(60_000))),
        (samples) => {
          const average = ewma();
          let nowMs = 0;
          let highest = 30;
          for (const [sampleMs, pauseMs] of samples) {
            nowMs += pauseMs;
            highest = Math.max(highest, sampleMs);
            average.add(sampleMs, nowMs);
            expect(average.at(nowMs)).to.be.within(0, highest);
          }
        },
      ),
    );
  });
});

describe('two choices', () => {
  it('prefer the lower load and never compare one with itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.integer(), (count, seed) => {
        const asked: number[] = [];
        const picked = pickTwo(count, (index) => (asked.push(index), index), seededRandom(seed));
        expect(new Set(asked).size).to.equal(2);
        expect(picked).to.equal(Math.min(...asked));
      }),
    );
  });

  it('give a fast endpoint the clear majority of ten concurrent callers', () => {
    // 5 ms against 200 ms, as requests in flight over the time they take.
    const random = seededRandom(3);
    const latencyMs = [5, 200];
    const averages = latencyMs.map(
      () => new PeakEwma({ initialMs: 30, decayMs: 10_000, nowMs: 0 }),
    );
    const inFlight: { endsMs: number; at: number }[] = [];
    const counts = [0, 0];
    let nowMs = 0;
    for (let sent = 0; sent < 500; sent++) {
      if (inFlight.length >= 10) {
        const done = inFlight.toSorted((a, b) => a.endsMs - b.endsMs)[0];
        if (!done) break;
        nowMs = done.endsMs;
        inFlight.splice(inFlight.indexOf(done), 1);
        averages[done.at]?.add(latencyMs[done.at] ?? 0, nowMs);
      }
      const busy = (at: number) => inFlight.filter((request) => request.at === at).length;
      const at =
        pickTwo(2, (index) => loadOf(averages[index]?.at(nowMs) ?? 0, busy(index)), random) ?? 0;
      counts[at] = (counts[at] ?? 0) + 1;
      inFlight.push({ endsMs: nowMs + (latencyMs[at] ?? 0), at });
    }
    expect((counts[0] ?? 0) / 500).to.be.greaterThan(0.7);
  });

  it('have nothing to choose from none, and no choice with one', () => {
    expect(pickTwo(0, () => 0, Math.random)).to.equal(undefined);
    expect(pickTwo(1, () => 0, Math.random)).to.equal(0);
  });
});
