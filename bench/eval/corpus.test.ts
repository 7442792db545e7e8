import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planCorpus } from './corpus.ts';
import { listRecordings, readRecording, RecordingWriter, writeRecording } from './recordings.ts';
import { type Outcome, replay } from './replay.ts';
import { falseBlame, score } from './scores.ts';
import { simulate } from './sim/simulate.ts';

/** A few runs of everything that matters, always the same. */
const corpus = [
  ['service errors', 11],
  ['service delay', 12],
  ['service black hole', 13],
  ['edge errors', 14],
  ['edge delay', 15],
  ['sick replica errors', 16],
  ['kill', 17],
  ['store delay', 18],
  ['store resets', 19],
  ['provider errors', 20],
  ['bad canary errors', 21],
  ['queue backlog', 22],
  ['two at once', 23],
  ['unrelated deploy at once', 24],
  ['steady', 25],
  ['deploy', 26],
  ['client errors', 27],
] as const;

describe('the analysis of a small corpus', function () {
  this.timeout(300_000);
  const outcomes: Outcome[] = [];
  before(() => {
    for (const [kind, seed] of corpus) {
      outcomes.push(replay(simulate({ kind, seed, part: 'tuning', warmUpMs: 35_000 })));
    }
  });

  it('names the origin first in nearly all runs, and within the first three in more', () => {
    const cases = outcomes.flatMap((outcome) => outcome.cases);
    const { ac1, ac3 } = score(cases);
    const wrong = cases.filter(({ rank }) => rank > 1);
    const missed = wrong.map(({ run, named }) => `${run}: ${named}`).join('\n');
    expect(ac1, missed).to.be.at.least(0.85);
    expect(ac3, missed).to.be.at.least(0.9);
  });

  it('does so within seconds of the first request that was touched', () => {
    const { verdictP50Ms } = score(outcomes.flatMap((outcome) => outcome.cases));
    expect(verdictP50Ms).to.be.at.most(3_000);
  });

  it('blames nobody while all is well', () => {
    expect(falseBlame(outcomes).share).to.be.at.most(0.01);
  });

  it('is better than guessing and than the deepest error', () => {
    const cases = outcomes.flatMap((outcome) => outcome.cases);
    const first = (ranks: readonly number[]) => ranks.filter((rank) => rank === 1).length;
    const ours = first(cases.map(({ componentRank }) => componentRank));
    expect(ours).to.be.greaterThan(first(cases.map(({ guessed }) => guessed)));
    expect(ours).to.be.greaterThan(first(cases.map(({ deepest }) => deepest)));
  });
});

describe('the simulation', () => {
  it('makes the same run of the same seed, and another of another', () => {
    const [one, same, other] = [5, 5, 6].map((seed) =>
      simulate({ kind: 'steady', seed, part: 'tuning', warmUpMs: 3_000, faultMs: 1_000 }),
    );
    expect(one).to.deep.equal(same);
    expect(one?.lines).not.to.deep.equal(other?.lines);
  });

  it('tells nothing of faults but in the head', () => {
    const options = { kind: 'kill', seed: 3, part: 'tuning', warmUpMs: 3_000 } as const;
    const { lines } = simulate({ ...options, faultMs: 6_000 });
    expect(JSON.stringify(lines)).not.to.match(/fault|inject|blackhole/);
  });

  it('refuses a kind of run that it does not know', () => {
    expect(() => simulate({ kind: 'flood', seed: 1, part: 'tuning' })).to.throw(/expected one of/);
  });

  it('never uses a seed of one part for the other', () => {
    const [tuning, heldOut] = (['tuning', 'held-out'] as const).map(
      (part) => new Set(planCorpus(part, 100).map(({ seed }) => seed)),
    );
    expect([...(tuning ?? [])].filter((seed) => heldOut?.has(seed))).to.deep.equal([]);
  });
});

describe('recordings', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'recordings-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('are read as they were written, and found by their names', async () => {
    const options = { kind: 'steady', seed: 4, part: 'tuning', warmUpMs: 2_000 } as const;
    const recording = simulate({ ...options, faultMs: 1_000 });
    const path = await writeRecording(dir, recording);
    await writeFile(join(dir, 'notes.txt'), 'not a recording');
    expect(await listRecordings(dir)).to.deep.equal([path]);
    expect(await readRecording(path)).to.deep.equal(JSON.parse(JSON.stringify(recording)));
  });

  it('are not there before they are whole', async () => {
    const writer = new RecordingWriter(join(dir, 'one.jsonl.gz'));
    await writer.write({ atMs: 1 });
    expect(await listRecordings(dir)).to.deep.equal([]);
    const { head } = simulate({
      kind: 'steady',
      seed: 4,
      part: 'tuning',
      warmUpMs: 1_000,
      faultMs: 1,
    });
    await writer.close(head);
    expect((await readRecording(join(dir, 'one.jsonl.gz'))).lines).to.deep.equal([{ atMs: 1 }]);
  });
});
