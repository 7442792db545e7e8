import { parentPort, workerData } from 'node:worker_threads';
import { makeRun, type PlannedRun } from './corpus.ts';
import { readRecording, writeRecording } from './recordings.ts';
import { type Outcome, replay } from './replay.ts';

/** What one worker is to do. `keepIn` is a folder to store simulated runs in. */
export type Work = {
  readonly runs: readonly (PlannedRun | { readonly path: string })[];
  readonly keepIn: string | undefined;
};

/** What came of one run; undefined for one that could not have been felt. */
export type Judged = { readonly kind: string; readonly outcome: Outcome | undefined };

// The one who starts it sends nothing else.
const { runs, keepIn } = workerData as Work;
for (const run of runs) {
  const recording = 'path' in run ? await readRecording(run.path) : makeRun(run);
  if (recording && keepIn !== undefined && !('path' in run))
    await writeRecording(keepIn, recording);
  const kind = 'path' in run ? (recording?.head.expected[0]?.fault ?? 'healthy') : run.kind;
  const judged: Judged = { kind, outcome: recording && replay(recording) };
  // A worker's port has no origins; the rule is about windows.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(judged);
}
