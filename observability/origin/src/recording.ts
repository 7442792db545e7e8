import type { ChangeEvent, EdgeSample, Origin, QueueSample, SpanRecord } from './model.ts';

// A recording is lines of JSON: first the head, then what the analysis was told, in the order in
// which it came. Stored compressed (`*.jsonl.gz`), one file a run.

/** One fault of a run: what may rightly be named, all of it meaning the same thing. */
export type ExpectedOrigin = {
  /** The fault or group of faults it belongs to, such as `kill instance`. */
  readonly fault: string;
  readonly accepted: readonly Origin[];
  readonly startMs: number;
  readonly endMs: number;
  /** When the system was well again; absent where the run ends before. */
  readonly overMs?: number;
  /** When it first touched a request, and how many in its first ten seconds, where that is known. */
  readonly firstHitMs?: number;
  readonly hits?: number;
  /** How busy the machine was meanwhile: processes that wanted to run, on average. */
  readonly loadAverage?: number;
};

/** Something harmless that may do harm: what may rightly be named meanwhile, but need not be. */
export type ToleratedOrigin = {
  readonly origin: Origin;
  readonly startMs: number;
  /** When the system was well again. */
  readonly overMs: number;
};

/** What was done in a run. The analysis never sees it. */
export type RecordingHead = {
  readonly format: 'faultline-recording/1';
  readonly id: string;
  readonly source: 'simulated' | 'real';
  readonly seed: number;
  /** Requests a second at the edge. */
  readonly rps: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly expected: readonly ExpectedOrigin[];
  /** What else happened and must not be blamed, such as `unrelated deploy`. */
  readonly distractors: readonly string[];
  readonly tolerated?: readonly ToleratedOrigin[];
};

/** Something the analysis was told at `atMs`, its time of arrival. */
export type RecordedLine = {
  readonly atMs: number;
  readonly spans?: readonly SpanRecord[];
  readonly edges?: readonly EdgeSample[];
  readonly queues?: readonly QueueSample[];
  readonly change?: ChangeEvent;
};

export type Recording = {
  readonly head: RecordingHead;
  readonly lines: readonly RecordedLine[];
};

/** One line of a recording as text, its line break included. */
export function encodeLine(line: RecordingHead | RecordedLine): string {
  return `${JSON.stringify(line)}\n`;
}

/**
 * A whole recording from its text, uncompressed.
 * @throws TypeError when the text is no recording of a format known here.
 */
export function decodeRecording(text: string): Recording {
  const [first = '', ...rest] = text.split('\n');
  const head: unknown = parse(first, 1);
  if (!isHead(head)) {
    throw new TypeError(`read a recording: its first line is '${first.slice(0, 80)}', no head`);
  }
  const lines = rest.flatMap((line, index) => {
    if (line === '') return [];
    const parsed: unknown = parse(line, index + 2);
    if (!isLine(parsed)) throw new TypeError(`read a recording: line ${index + 2} has no atMs`);
    return parsed;
  });
  return { head, lines };
}

function parse(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new TypeError(`read a recording: line ${number} is not JSON`, { cause: error });
  }
}

function isHead(value: unknown): value is RecordingHead {
  return (
    typeof value === 'object' &&
    value !== null &&
    'format' in value &&
    value.format === 'faultline-recording/1'
  );
}

function isLine(value: unknown): value is RecordedLine {
  return (
    typeof value === 'object' && value !== null && 'atMs' in value && typeof value.atMs === 'number'
  );
}
