import { OriginAnalyzer } from '@faultline/origin/analyzer';
import type { Incident, Origin } from '@faultline/origin/model';
import type { ExpectedOrigin, Recording } from '@faultline/origin/recording';
import { seededRandom } from '@faultline/mesh-core/random';
import { deepestError, guess } from './baselines.ts';

const TICK_MS = 250;
/** When somebody asks who it was: this long after the start, or when the fault ends. */
const ASKED_AFTER_MS = 20_000;

/** How one expected origin was named. */
export type Case = {
  readonly run: string;
  readonly fault: string;
  /** 1 is first; Infinity is not at all. Lists of two faults count from the first of both. */
  readonly rank: number;
  /** The same by component only, whatever instance, version or edge. */
  readonly componentRank: number;
  /** From its first touch of a request until it was named first; undefined for never. */
  readonly verdictMs: number | undefined;
  /** From its start. */
  readonly sinceStartMs: number | undefined;
  readonly named: string;
  /** Ranks by the two baselines; `rank` by component, as they know nothing finer. */
  readonly guessed: number;
  readonly deepest: number;
};

export type Outcome = {
  readonly cases: readonly Case[];
  readonly healthyMs: number;
  readonly blamedMs: number;
  /** What was named though nothing was wrong, or besides what was. */
  readonly falsely: readonly string[];
  readonly extra: readonly string[];
  readonly cpuMs: number;
  readonly spans: number;
};

type Named = { readonly atMs: number; readonly incident: Incident };

/** Feeds a recording to an analyzer as it came, and compares what it names with what was done. */
export function replay(recording: Recording): Outcome {
  const { head, lines } = recording;
  let nowMs = head.startMs;
  let spans = 0;
  const analyzer = new OriginAnalyzer({ clock: { now: () => nowMs } });
  const asked = askedMs(head.expected);
  let answer: Incident[] = [];
  let blamedMs = 0;
  const named: Named[] = [];
  const falsely = new Map<string, string>();
  const began = process.threadCpuUsage().user;
  let at = 0;
  for (nowMs = head.startMs; nowMs < head.endMs; nowMs += TICK_MS) {
    for (let line = lines[at]; line && line.atMs <= nowMs; line = lines[++at]) {
      if (line.spans) analyzer.onSpans(line.spans);
      if (line.edges) analyzer.onEdges(line.edges);
      if (line.queues) analyzer.onQueues(line.queues);
      if (line.change) analyzer.onChange(line.change);
      spans += line.spans?.length ?? 0;
    }
    for (const { kind, incident } of analyzer.tick()) {
      if (kind !== 'resolved') named.push({ atMs: nowMs, incident });
    }
    const open = analyzer.incidents().filter(({ state }) => state === 'open');
    if (
      isHealthy(head.expected, nowMs) &&
      open.some(({ namedMs }) => !isOld(head.expected, namedMs))
    ) {
      blamedMs += TICK_MS;
      for (const { id, sentence } of open) falsely.set(id, sentence);
    }
    if (nowMs <= asked) answer = answerAt(analyzer, head.expected);
  }
  const cpuMs = (process.threadCpuUsage().user - began) / 1_000;
  return {
    cases: head.expected.map((one) => ({
      ...judge(head.id, one, { expected: head.expected, answer, named }),
      ...judgeBaselines(recording, one, asked),
    })),
    healthyMs: healthyMs(head),
    blamedMs,
    falsely: [...falsely.values()],
    extra: answer
      .filter(({ origin }) => !head.expected.some((one) => isAccepted(one, origin)))
      .map(({ sentence }) => sentence),
    cpuMs,
    spans,
  };
}

function askedMs(expected: readonly ExpectedOrigin[]): number {
  const starts = expected.map(({ startMs, endMs }) =>
    Math.min(startMs + ASKED_AFTER_MS, endMs - 500),
  );
  return Math.min(...starts);
}

/** Incidents named since the faults began, those that are still open first, the worst first. */
function answerAt(analyzer: OriginAnalyzer, expected: readonly ExpectedOrigin[]): Incident[] {
  const startMs = Math.min(...expected.map((one) => one.startMs));
  const since = analyzer
    .incidents()
    .filter(({ namedMs, mergedInto }) => namedMs >= startMs - 3_000 && mergedInto === undefined);
  const current = analyzer.current();
  const weight = (one: Incident): number =>
    (one.id === current?.id ? 4 : 0) + (one.state === 'open' ? 2 : 0) + one.confidence;
  return since.toSorted((a, b) => weight(b) - weight(a));
}

function judge(
  run: string,
  one: ExpectedOrigin,
  of: { expected: readonly ExpectedOrigin[]; answer: readonly Incident[]; named: readonly Named[] },
): Omit<Case, 'guessed' | 'deepest'> {
  const { expected, answer, named } = of;
  const others = expected.filter((other) => other !== one);
  // What belongs to another fault of the same run does not push this one down.
  const list = rankedList(answer).filter(
    (origin) => !others.some((other) => isAccepted(other, origin)),
  );
  const rank = list.findIndex((origin) => isAccepted(one, origin)) + 1 || Infinity;
  const componentRank = list.findIndex((origin) => isComponent(one, origin)) + 1 || Infinity;
  const first = named.find(
    ({ atMs, incident }) => atMs >= one.startMs && isAccepted(one, incident.origin),
  );
  const from = one.firstHitMs ?? one.startMs;
  return {
    run,
    fault: one.fault,
    rank,
    componentRank,
    verdictMs: first && Math.max(0, first.atMs - from),
    sinceStartMs: first && first.atMs - one.startMs,
    named: answer.map(({ sentence }) => sentence).join(' | ') || 'nothing',
  };
}

function judgeBaselines(
  recording: Recording,
  one: ExpectedOrigin,
  toMs: number,
): Pick<Case, 'guessed' | 'deepest'> {
  const rankIn = (list: readonly Origin[]): number =>
    list.findIndex((origin) => isComponent(one, origin)) + 1 || Infinity;
  return {
    guessed: rankIn(guess(recording, seededRandom(recording.head.seed))),
    deepest: rankIn(deepestError(recording, { fromMs: one.startMs, toMs })),
  };
}

/** The origin of each incident, then what each also considered. */
function rankedList(incidents: readonly Incident[]): Origin[] {
  const list = incidents.map(({ origin }) => origin);
  for (let rank = 1; rank < 6; rank++) {
    for (const { candidates } of incidents) {
      const origin = candidates[rank]?.origin;
      if (origin && !list.some((known) => isSame(known, origin))) list.push(origin);
    }
  }
  return list;
}

function isSame(a: Origin, b: Origin): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'edge') return a.edge?.from === b.edge?.from && a.edge?.to === b.edge?.to;
  if (a.kind === 'load') return true;
  if (a.service !== b.service) return false;
  if (a.kind === 'instance') return a.instance === b.instance;
  return a.kind !== 'version' || a.version === b.version;
}

function isAccepted({ accepted }: ExpectedOrigin, origin: Origin): boolean {
  return accepted.some((one) => isSame(one, origin));
}

function isComponent({ accepted }: ExpectedOrigin, origin: Origin): boolean {
  return accepted.some((one) => one.service === origin.service || isSame(one, origin));
}

function isHealthy(expected: readonly ExpectedOrigin[], nowMs: number): boolean {
  return !expected.some(({ startMs }) => nowMs >= startMs - 3_000);
}

function isOld(expected: readonly ExpectedOrigin[], namedMs: number): boolean {
  return expected.some(({ startMs }) => namedMs >= startMs - 3_000);
}

function healthyMs({ startMs, endMs, expected }: Recording['head']): number {
  return Math.min(endMs, ...expected.map((one) => one.startMs - 3_000)) - startMs;
}
