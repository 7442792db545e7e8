import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Part, planCorpus } from './eval/corpus.ts';
import { realKinds, recordReal } from './eval/real/record.ts';
import { listRecordings } from './eval/recordings.ts';
import { falseBlame, score, type Scores } from './eval/scores.ts';
import type { Judged, Work } from './eval/worker.ts';

// How well the failure-origin analysis names who broke first, on labelled runs.
// `npm run eval:origin [-- --runs 6 --part both --recordings DIR --keep DIR --json --verbose]`
// `npm run eval:origin -- --record DIR [--kinds a,b --runs 1 --seed 1 --part tuning --rps 20]` runs
// faults on a real shop and records them.

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '6' },
    part: { type: 'string', default: 'both' },
    recordings: { type: 'string' },
    keep: { type: 'string' },
    record: { type: 'string' },
    kinds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    rps: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

type Part3 = Part | 'recorded';
const results: Record<string, unknown> = {};
if (values.record !== undefined) await recordReal(whatToRecord(values.record));
else
  for (const [part, runs] of await plan()) {
    const judged = await judgeAll(runs);
    if (values.json) results[part] = summary(judged);
    else print(part, judged);
  }
if (values.json) console.log(JSON.stringify(results));

function whatToRecord(dir: string): Parameters<typeof recordReal>[0] {
  const kinds = values.kinds?.split(',') ?? realKinds;
  const unknown = kinds.find((kind) => !realKinds.includes(kind));
  if (unknown !== undefined) {
    throw new Error(`read --kinds '${unknown}', expected some of ${realKinds.join(', ')}`);
  }
  const part = values.part === 'held-out' ? 'held-out' : 'tuning';
  const runs = wholeNumber('runs');
  return { dir, kinds, runs, part, seed: wholeNumber('seed'), rps: wholeNumber('rps') };
}

function wholeNumber(name: 'runs' | 'seed' | 'rps'): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new Error(`read --${name} '${values[name]}', expected a whole number from 1`);
}

async function plan(): Promise<[Part3, Work['runs']][]> {
  if (values.recordings !== undefined) {
    const paths = await listRecordings(values.recordings);
    return [['recorded', paths.map((path) => ({ path }))]];
  }
  const each = Number(values.runs);
  if (!Number.isInteger(each) || each < 1 || each > 100) {
    throw new Error(`read --runs '${values.runs}', expected 1 to 100`);
  }
  const parts: Part[] = ['tuning', 'held-out'];
  const chosen = parts.filter((part) => values.part === 'both' || values.part === part);
  if (chosen.length === 0) {
    throw new Error(`read --part '${values.part}', expected tuning, held-out or both`);
  }
  return chosen.map((part) => [part, planCorpus(part, each)]);
}

async function judgeAll(runs: Work['runs']): Promise<Judged[]> {
  const keepIn = values.keep;
  if (keepIn !== undefined) await mkdir(keepIn, { recursive: true });
  const count = Math.min(4, availableParallelism());
  const judged = await Promise.all(
    Array.from({ length: count }, (_, worker) =>
      work({ runs: runs.filter((_run, index) => index % count === worker), keepIn }),
    ),
  );
  return judged.flat();
}

function work(data: Work): Promise<Judged[]> {
  return new Promise((resolve, reject) => {
    const judged: Judged[] = [];
    const worker = new Worker(join(import.meta.dirname, 'eval/worker.ts'), { workerData: data });
    worker.on('message', (one: Judged) => judged.push(one));
    worker.once('error', reject);
    worker.once('exit', () => resolve(judged));
  });
}

function summary(judged: readonly Judged[]) {
  const outcomes = judged.flatMap(({ outcome }) => outcome ?? []);
  const cases = outcomes.flatMap((outcome) => outcome.cases);
  const byRank = (pick: (one: (typeof cases)[number]) => number) =>
    score(cases.map((one) => ({ ...one, rank: pick(one), componentRank: pick(one) })));
  return {
    runs: outcomes.length,
    notFelt: judged.length - outcomes.length,
    all: score(cases),
    random: byRank(({ guessed }) => guessed),
    deepest: byRank(({ deepest }) => deepest),
    falseBlame: falseBlame(outcomes),
    besides: outcomes.reduce((sum, { extra }) => sum + extra.length, 0),
    cpuMicrosPerSpan:
      (outcomes.reduce((sum, { cpuMs }) => sum + cpuMs, 0) * 1_000) /
      outcomes.reduce((sum, { spans }) => sum + spans, 0),
  };
}

function print(part: Part3, judged: readonly Judged[]): void {
  const {
    runs,
    notFelt,
    all,
    random,
    deepest,
    falseBlame: blame,
    besides,
    cpuMicrosPerSpan,
  } = summary(judged);
  console.log(`\n${part}: ${runs} runs (${notFelt} more touched too few requests)\n`);
  console.log(
    '| fault | cases | AC@1 | AC@3 | Avg@5 | component@1 | p50 s | p95 s | never | deepest error AC@1 |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  const faults = Map.groupBy(
    judged.flatMap(({ outcome }) => outcome?.cases ?? []),
    ({ fault }) => fault,
  );
  for (const [fault, cases] of faults) {
    const rule = cases.filter((one) => one.deepest <= 1).length / cases.length;
    console.log(row(fault, score(cases), rule));
  }
  console.log(row('**all**', all, deepest.ac1));
  console.log(line('random', random));
  console.log(line('deepest erroring span', deepest));
  const { share, minutes } = blame;
  console.log(
    `\nfalse blame: ${(share * 100).toFixed(2)} % of ${minutes.toFixed(0)} healthy minutes; ` +
      `named besides: ${besides}; analysis: ${cpuMicrosPerSpan.toFixed(1)} µs of CPU a span`,
  );
  if (values.verbose) explain(judged);
}

function row(fault: string, s: Scores, rule: number): string {
  const { cases, ac1, ac3, avg5, component1, verdictP50Ms, verdictP95Ms, never } = s;
  const shares = [ac1, ac3, avg5, component1].map((one) => told(one, 2));
  const times = [verdictP50Ms, verdictP95Ms].map((ms) => told(ms / 1_000, 1));
  return `| ${[fault, cases, ...shares, ...times, never, told(rule, 2)].join(' | ')} |`;
}

function told(value: number, digits: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(digits);
}

/** Baselines are given credit by component: they know nothing finer. */
function line(name: string, { ac1, ac3, avg5 }: Scores): string {
  const shares = [ac1, ac3, avg5].map((one) => told(one, 2)).join(' | ');
  return `| *${name}* (by component) |  | ${shares} |  |  |  |  |  |`;
}

function explain(judged: readonly Judged[]): void {
  for (const { outcome } of judged) {
    for (const one of outcome?.cases ?? []) {
      const isSlow = (one.verdictMs ?? Infinity) > 5_000;
      if (one.rank === 1 && !isSlow) continue;
      console.log(
        `\n${one.run}: rank ${one.rank}, after ${one.verdictMs?.toFixed(0)} ms\n  ${one.named}`,
      );
    }
    for (const sentence of outcome?.falsely ?? []) console.log(`\nfalsely: ${sentence}`);
  }
}
