import type { Books } from './books.ts';
import type { Spell } from './spell.ts';
import { type Suspect, suspectOf } from './suspects.ts';

// What is slow, or fails now and then, for no reason of its own: because the machine had no time, because
// more was asked than usual, or because many came. What somebody is excused for while that lasts is no
// evidence against him after it either.

/** What began in such a time may end a little after it. */
const AFTER_MS = 1_500;
/** What a surge has left is worked off after it. */
const WORKED_OFF_MS = 3_000;
/** A rush is seen a little after it began. */
const RUSH_SLACK_MS = 2_500;
/** Sidecars tell of a second when it is over. */
const SURGE_SLACK_MS = 1_000;
/** In less than this it shows whether more is asked than can be done. */
const BORNE_MS = 6_000;
/** What share of calls a machine makes fail that has no time. */
const HURRIED_SHARE = 0.8;
/** Nearly all calls. */
const ALWAYS = 0.8;
/** As many as run out of time where there is too much to do. */
const SLIGHT = 0.25;

/** Where nobody has time, what is late now and then is so for no reason of its own. */
export function isOfTheMachine(one: Suspect, { hurried }: Books): boolean {
  const { component, death, severity, ratio, hypotheses, lastMs } = one;
  if (!hurried || lastMs > hurried.untilMs + AFTER_MS) return false;
  if (death?.told === true || component.kind === 'queue') return false;
  if (severity === 'soft') return true;
  // A machine does not tell versions apart.
  return hypotheses[0]?.origin.kind !== 'version' && ratio.bad < ratio.total * HURRIED_SHARE;
}

/** Slow since more was asked than usual: of it, of those who say that it is slow, or of everybody. */
export function isOfItsLoad(one: Suspect, books: Books): boolean {
  const { demand, edgeService } = books;
  const { component, severity, findings } = one;
  if (severity !== 'soft' || component.kind === 'queue') return false;
  // What came to all is worked off by one after the other; whose own it is begins while it comes.
  const isSurging = (service: string | undefined, slackMs = SURGE_SLACK_MS): boolean => {
    const surge = service === undefined ? undefined : demand.surgeOf(service);
    return (
      surge !== undefined && one.onsetMs <= surge.untilMs + slackMs && isOfSurge(one, surge, books)
    );
  };
  if (isSurging(edgeService, WORKED_OFF_MS)) return true;
  if (component.kind === 'service') return isSurging(component.name);
  const callers = findings.map(({ caller }) => caller?.service);
  const surging = new Set([...new Set(callers)].filter((caller) => isSurging(caller)));
  const theirs = callers.filter((caller) => surging.has(caller));
  return theirs.length > 0 && theirs.length >= callers.length / 2;
}

/**
 * More requests than usual make everything slow, and then fail. What began after a rush did, and is
 * no one part's alone, is the rush's doing.
 */
export function rushedOf(
  named: readonly Suspect[],
  all: readonly Suspect[],
  books: Books,
): readonly Suspect[] {
  const touched = touchedByRush(all, books);
  const failing = touched.filter(({ severity }) => severity === 'hard');
  return touchedByRush(named, books).filter((one) => {
    if (one.death !== undefined) return false;
    if (one.symptom !== 'errors' || one.ratio.bad < one.ratio.total * SLIGHT) return true;
    // It hits many, and each a little at first: who alone fails, and always, does so by itself.
    const isAlone = failing.length === 1 && one.ratio.bad >= one.ratio.total * ALWAYS;
    return touched.length >= 3 && !isAlone;
  });
}

/** Those whose trouble began in the rush that is, or in the last one and went on no longer. */
export function touchedByRush(
  all: readonly Suspect[],
  { rush, hurried }: Books,
): readonly Suspect[] {
  const spell = rush.latest && withWhatFollows(rush.latest, hurried);
  return all.filter((one) => one.score > 2 && isWithin(one, spell, RUSH_SLACK_MS));
}

/** A rush that has left nobody any time is over when they have time again. */
function withWhatFollows(rush: Spell, hurried: Spell | undefined): Spell {
  const goesOn = hurried && hurried.sinceMs <= rush.untilMs;
  return goesOn ? { ...rush, untilMs: Math.max(rush.untilMs, hurried.untilMs) } : rush;
}

/**
 * Who has borne a surge for a while is not slow for that, nor is who was slow enough to be named
 * before it.
 */
function isOfSurge(one: Suspect, surge: Spell, books: Books): boolean {
  if (one.onsetMs > surge.sinceMs + BORNE_MS) return false;
  if (one.lastMs > surge.untilMs + WORKED_OFF_MS) return false;
  if (one.onsetMs >= surge.sinceMs - SURGE_SLACK_MS) return true;
  const before = suspectOf(one.component, asOf(books, surge.sinceMs - SURGE_SLACK_MS));
  return (before?.score ?? 0) < books.settings.nameAt;
}

function asOf(books: Books, nowMs: number): Books {
  return { ...books, nowMs, findings: books.findings.filter(({ atMs }) => atMs <= nowMs) };
}

function isWithin(
  { onsetMs, lastMs }: Suspect,
  spell: Spell | undefined,
  slackMs: number,
): boolean {
  if (!spell) return false;
  return onsetMs >= spell.sinceMs - slackMs && lastMs <= spell.untilMs + AFTER_MS;
}
