import { toRfc3339 } from '@faultline/chassis/clock';
import type { Strategy } from '../canary.ts';
import type { RolloutEvent } from '../state.ts';
import type { FlaggerStatus, Told } from './resources.ts';

/** A rollout as far as what was said about it tells. */
export type History = {
  startedAt: string | null;
  endedAt: string | null;
  weights: { at: string; weight: number }[];
  events: (RolloutEvent & { at: string })[];
  firstTrafficAt: string | null;
  firstFailureAt: string | null;
  /** Whether it is known to have had no share of the calls: nothing can speak for or against it. */
  isUntried: boolean;
  /** What it waited for last, in Flagger's words; null where it waited for nothing. */
  waitedFor: string | null;
  /** What cannot be told, and why. */
  unknown: string[];
};

/** Flagger's words, and the new version's share after them. */
const weightWords: readonly [words: RegExp, weight: (match: RegExpExecArray) => number][] = [
  [/^Advance \S+ canary weight (\d+)/, ([, weight]) => Number(weight)],
  [/^Advance \S+ primary weight (\d+)/, ([, weight]) => 100 - Number(weight)],
  [/^Routing all traffic to canary/, () => 100],
  [/^Routing all traffic to primary/, () => 0],
  [/^Canary failed!/, () => 0],
];

const began = /^New revision detected!/;
const ended = /^(Promotion completed!|Canary failed!)/;
/** What a metric said; neither a person who is waited for nor a webhook has judged the version. */
const failed =
  /^(Halt (?!.*(waiting for|(pre-rollout|external) check))|Metric query failed|Prometheus query failed)/;
const waits = / not ready: /;
const iterated = /^Advance \S+ canary iteration /;

const untried = new Set(['', 'Initializing', 'Initialized']);
const over = new Set(['Succeeded', 'Failed']);
const combined = /^\(combined from similar events\): /;
/** What a clock of one machine may be before that of another. */
const skewMs = 2_000;

export type Known = {
  status: FlaggerStatus;
  strategy: Strategy;
  /** Since when there is a pod template like that of the new version; null: nobody knows. */
  appliedAt: string | null;
};

/**
 * The last rollout by the events of its Canary, of which a cluster keeps an hour at most, and not all:
 * of many the later ones are combined, or dropped. An event's first time may be that of a rollout
 * before, which said the same.
 */
export function historyOf(all: readonly Told[], known: Known): History {
  const told = all.map((one) => ({ ...one, message: one.message.replace(combined, '') }));
  const startedAt = startOf(told, known);
  const own = startedAt === null ? [] : told.filter(({ lastAt }) => !isBefore(lastAt, startedAt));
  const events = own
    .flatMap((one) => timesOf(one, startedAt))
    .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
  const weights = changesOf(events.flatMap((event) => weightAfter(event, known.strategy)));
  const isBlurred = own.some(
    ({ message, firstAt }) => failed.test(message) && isBefore(firstAt, startedAt),
  );
  const isCombined = all.some(({ message }) => combined.test(message));
  const hadTraffic = weights.some(({ weight }) => weight > 0);
  const failure = isBlurred ? undefined : events.find(({ message }) => failed.test(message));
  return {
    startedAt: utc(startedAt),
    endedAt: utc(endOf(events, known.status)),
    weights,
    events,
    firstTrafficAt: weights.find(({ weight }) => weight > 0)?.at ?? null,
    firstFailureAt: failure?.at ?? null,
    // Of one whose beginning nobody tells, the share may have gone untold as well.
    isUntried: own.some(({ message }) => began.test(message)) && !isCombined && !hadTraffic,
    waitedFor: events.findLast(({ message }) => waits.test(message))?.message ?? null,
    unknown: [
      ...(startedAt === null ? ['when it began and how its share grew: no event tells'] : []),
      ...(isBlurred
        ? ['when a check failed first: a rollout before failed by the same words']
        : []),
      ...(isCombined
        ? ['each step: there were so many events that the cluster combined some']
        : []),
    ],
  };
}

/**
 * While it is under way, Flagger's condition tells; afterwards an event does, unless it is from before
 * there was such a version.
 */
function startOf(told: readonly Told[], { status, appliedAt }: Known): string | null {
  if (!hasTried(status)) return null;
  const said = told.findLast(({ message }) => began.test(message))?.lastAt;
  if (over.has(status.phase)) {
    const isOld = said !== undefined && isBefore(said, earlier(appliedAt));
    return said === undefined || isOld ? null : said;
  }
  const since = status.conditions.find(({ type }) => type === 'Promoted')?.lastTransitionTime;
  if (!since) return said ?? null;
  return said === undefined || isBefore(said, since) ? since : said;
}

/** Whether there ever was a new version: a Canary that was only just made has tried none. */
export function hasTried({ phase }: Pick<FlaggerStatus, 'phase'>): boolean {
  return !untried.has(phase);
}

function earlier(at: string | null): string | null {
  return at === null ? null : toRfc3339(Date.parse(at) - skewMs);
}

function isBefore(at: string, other: string | null): boolean {
  return other !== null && Date.parse(at) < Date.parse(other);
}

/** When it was said first and last, in the rollout that began at `startedAt`. */
function timesOf({ type, message, firstAt, lastAt }: Told, startedAt: string | null) {
  const times = isBefore(firstAt, startedAt) || firstAt === lastAt ? [lastAt] : [firstAt, lastAt];
  return times.map((at) => ({ type, message, at: toRfc3339(Date.parse(at)) }));
}

type Heard = { message: string; at: string };

function weightAfter({ message, at }: Heard, strategy: Strategy): History['weights'] {
  if (strategy.kind === 'a-b' && iterated.test(message)) return [{ at, weight: 100 }];
  for (const [words, weight] of weightWords) {
    const match = words.exec(message);
    if (match !== null) return [{ at, weight: weight(match) }];
  }
  return [];
}

/** Without what only says again how it is. */
function changesOf(weights: History['weights']): History['weights'] {
  return weights.filter(({ weight }, index) => weight !== weights[index - 1]?.weight);
}

/** By what Flagger said, else by the condition that it set. */
function endOf(events: readonly Heard[], { phase, conditions }: FlaggerStatus): string | null {
  if (!over.has(phase)) return null;
  const said = events.findLast(({ message }) => ended.test(message))?.at;
  const promoted = conditions.find(({ type }) => type === 'Promoted');
  return said ?? promoted?.lastTransitionTime ?? null;
}

/** In the form that the local engine has. */
function utc(at: string | null): string | null {
  return at === null ? null : toRfc3339(Date.parse(at));
}
