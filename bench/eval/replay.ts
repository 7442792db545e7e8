import { OriginAnalyzer } from '@faultline/origin/analyzer';
import type { Incident, Origin } from '@faultline/origin/model';
import type { ExpectedOrigin, Recording, RecordingHead } from '@faultline/origin/recording';
import { seededRandom } from '@faultline/mesh-core/random';
import { deepestError, guess } from './baselines.ts';
import { isFelt } from './corpus.ts';

const TICK_MS = 200;
/** When somebody asks who it was: this long after the start, or when the fault ends. */
const ASKED_AFTER_MS = 20_000;
/** What is named so shortly before a fault began belongs to it. */
const SLACK_MS = 3_000;

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

/** Faults of a run that overlap: what is named meanwhile may be any of them. */
type Episode = {
  readonly expected: readonly ExpectedOrigin[];
  readonly fromMs: number;
  readonly askedMs: number;
  /** When all was well again; Infinity where the run ends before. */
  readonly overMs: number;
  answer: readonly Incident[];
};

/** Feeds a recording to an analyzer as it came, and compares what it names with what was done. */
export function replay(recording: Recording): Outcome {
  const { head, lines } = recording;
  let nowMs = head.startMs;
  let spans = 0;
  const analyzer = new OriginAnalyzer({ clock: { now: () => nowMs } });
  const episodes = episodesOf(head.expected);
  let blamedMs = 0;
  let healthyMs = 0;
  const named: Named[] = [];
  /** When each was last opened, or named something else: one that is over may come again. */
  const openedMs = new Map<string, number>();
  const origins = new Map<string, Origin>();
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
      const before = origins.get(incident.id);
      const isNew = kind === 'opened' || before === undefined || !isSame(before, incident.origin);
      if (kind !== 'resolved' && isNew) openedMs.set(incident.id, nowMs);
      origins.set(incident.id, incident.origin);
    }
    const during = episodes.find((one) => isWithin(one, nowMs));
    if (during && nowMs <= during.askedMs) {
      during.answer = answerAt(analyzer, during, openedMs);
    }
    if (during) continue;
    healthyMs += TICK_MS;
    const blamed = analyzer.incidents().filter(({ id, state, namedMs, origin }) => {
      const sinceMs = openedMs.get(id) ?? namedMs;
      const isMeant =
        episodes.some((of) => isWithin(of, sinceMs)) || isTolerated(head, origin, sinceMs);
      return state === 'open' && !isMeant;
    });
    if (blamed.length > 0) blamedMs += TICK_MS;
    for (const { id, sentence } of blamed) falsely.set(id, sentence);
  }
  const cpuMs = (process.threadCpuUsage().user - began) / 1_000;
  return {
    cases: episodes.flatMap((episode) =>
      episode.expected.filter(isFelt).map((one) => ({
        ...judge(head.id, one, { episode, named }),
        ...judgeBaselines(recording, one, episode.askedMs),
      })),
    ),
    healthyMs,
    blamedMs,
    falsely: [...falsely.values()],
    extra: episodes.flatMap(({ answer, expected }) =>
      answer
        .filter(({ origin }) => !expected.some((one) => isAccepted(one, origin)))
        .map(({ sentence }) => sentence),
    ),
    cpuMs,
    spans,
  };
}

function episodesOf(expected: readonly ExpectedOrigin[]): Episode[] {
  const groups: ExpectedOrigin[][] = [];
  for (const one of expected.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = groups.at(-1);
    if (last?.some(({ endMs }) => one.startMs < endMs)) last.push(one);
    else groups.push([one]);
  }
  return groups.map((group) => ({
    expected: group,
    fromMs: Math.min(...group.map(({ startMs }) => startMs)),
    askedMs: Math.min(
      ...group.map(({ startMs, endMs }) => Math.min(startMs + ASKED_AFTER_MS, endMs - 500)),
    ),
    overMs: Math.max(...group.map(({ overMs }) => overMs ?? Infinity)),
    answer: [],
  }));
}

function isWithin({ fromMs, overMs }: Pick<Episode, 'fromMs' | 'overMs'>, ms: number): boolean {
  return ms >= fromMs - SLACK_MS && ms <= overMs;
}

function isTolerated({ tolerated = [] }: RecordingHead, named: Origin, sinceMs: number): boolean {
  return tolerated.some(
    ({ origin, startMs: fromMs, overMs }) =>
      isSame(origin, named) && isWithin({ fromMs, overMs }, sinceMs),
  );
}

/** Incidents named since the faults began, those that are still open first, the worst first. */
function answerAt(
  analyzer: OriginAnalyzer,
  { fromMs }: Episode,
  openedMs: ReadonlyMap<string, number>,
): Incident[] {
  const since = analyzer
    .incidents()
    .filter(
      ({ id, namedMs, mergedInto }) =>
        (openedMs.get(id) ?? namedMs) >= fromMs - SLACK_MS && mergedInto === undefined,
    );
  const current = analyzer.current();
  const weight = (one: Incident): number =>
    (one.id === current?.id ? 4 : 0) + (one.state === 'open' ? 2 : 0) + one.confidence;
  return since.toSorted((a, b) => weight(b) - weight(a));
}

function judge(
  run: string,
  one: ExpectedOrigin,
  { episode, named }: { episode: Episode; named: readonly Named[] },
): Omit<Case, 'guessed' | 'deepest'> {
  const { expected, answer, overMs } = episode;
  const others = expected.filter((other) => other !== one);
  // What belongs to another fault of the same run does not push this one down.
  const list = rankedList(answer).filter(
    (origin) => !others.some((other) => isAccepted(other, origin)),
  );
  const rank = list.findIndex((origin) => isAccepted(one, origin)) + 1 || Infinity;
  const componentRank = list.findIndex((origin) => isComponent(one, origin)) + 1 || Infinity;
  const first = named.find(
    ({ atMs, incident }) =>
      atMs >= one.startMs && atMs <= overMs && isAccepted(one, incident.origin),
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
