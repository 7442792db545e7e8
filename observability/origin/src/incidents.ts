import type { Books } from './books.ts';
import { type Component, keyOf } from './finding.ts';
import type { Candidate, Incident, IncidentUpdate, Origin } from './model.ts';
import { sentenceOf } from './sentence.ts';
import { amplification, Story } from './story.ts';
import { suspectChange } from './suspected-change.ts';
import type { Suspect } from './suspects.ts';
import { judge, type Named, type Verdict } from './verdict.ts';

const REOPEN_MS = 30_000;
const REFINE_MS = 20_000;
const SETTLED_MS = 6_000;
const HELD_BACK_MS = 2_500;
const CANDIDATES_MAX = 6;
/** Names that somebody makes up are without end. */
const EXPLAINED_MAX = 1_000;
const UPDATE_EVERY_MS = 1_000;
/** How much better another explanation has to be before the one that was given is taken back. */
const REVISE_BY = 1.5;
const REVISE_SETTLED_BY = 8;

type Kept = {
  readonly id: string;
  component: Component;
  story: Story;
  incident: Incident;
  lastMs: number;
  suspect: Suspect;
  /** How it showed when it was named. */
  first: Suspect['symptom'];
  /** What the origin was named for. */
  told: Pick<Suspect, 'severity' | 'symptom' | 'ratio'>;
  toldMs: number;
  onsetMs: number;
  readonly namedMs: number;
  /** Since when it is open; later than `namedMs` where it was over for a while. */
  openedMs: number;
  readonly totals: Map<string, number>;
  requests: number;
};

/** What is broken now and what was, from first naming to its end. */
export class Incidents {
  readonly #kept: Kept[] = [];
  /** When there last was something bad of a component that another's trouble explains, by `keyOf`. */
  readonly #explained = new Map<string, number>();
  #count = 0;

  /** Judges what the books hold, and says what has changed. */
  look(books: Books): IncidentUpdate[] {
    const { verdicts, suspects, excused, held } = judge(books, {
      open: this.#kept.filter(isOpen).map(namedBefore),
      over: this.#lately(books).map(({ suspect, onsetMs, incident }) => ({
        ...suspect,
        onsetMs,
        overMs: incident.resolvedMs ?? 0,
      })),
      explained: this.#explained,
    });
    this.#explain(suspects, [...held, ...verdicts.map(({ suspect }) => suspect)]);
    const updates: IncidentUpdate[] = [];
    const taken = new Set<Kept>();
    for (const verdict of verdicts) {
      const known = this.#find(verdict, { taken, books });
      if (known === 'old news') continue;
      const kept = known ?? this.#open(verdict, books);
      taken.add(kept);
      const before = kept.incident;
      this.#refresh(kept, { verdict, suspects, books });
      updates.push(...this.#changed(kept, known ? before : undefined, books));
      updates.push(...this.#merge(kept, { verdict, taken, books }));
    }
    const onsets = new Map(excused.map((one) => [keyOf(one.component), one.onsetMs]));
    for (const kept of this.#kept) {
      if (kept.incident.state !== 'open' || taken.has(kept)) continue;
      // What was named just before it turned out to be its load's doing is taken back.
      const isExcused = kept.openedMs >= (onsets.get(keyOf(kept.component)) ?? Infinity);
      if (!isExcused && books.nowMs - kept.lastMs < books.settings.quietMs) continue;
      const resolvedMs = kept.lastMs;
      kept.incident = { ...kept.incident, state: 'resolved', resolvedMs, updatedMs: books.nowMs };
      updates.push({ kind: 'resolved', incident: kept.incident });
    }
    return updates;
  }

  /**
   * Who is in trouble while something else is named suffers from that, but for those who are named
   * themselves or may yet be.
   */
  #explain(suspects: readonly Suspect[], others: readonly Suspect[]): void {
    if (!this.isOpen) return;
    const own = new Set(others.map(({ component }) => keyOf(component)));
    if (this.#explained.size >= EXPLAINED_MAX) this.#explained.clear();
    for (const { component, lastMs } of suspects) {
      if (!own.has(keyOf(component))) this.#explained.set(keyOf(component), lastMs);
    }
  }

  /** A request has ended at the edge. */
  count(journey: string): void {
    for (const kept of this.#kept) {
      if (kept.incident.state !== 'open') continue;
      kept.requests++;
      kept.totals.set(journey, (kept.totals.get(journey) ?? 0) + 1);
    }
  }

  /** Newest last. */
  all(): Incident[] {
    return this.#kept.map(({ incident }) => incident);
  }

  /** When the last incident of each component was over; of those that are. */
  endings(): ReadonlyMap<string, number> {
    const endings = new Map<string, number>();
    for (const { component, incident } of this.#kept) {
      const key = keyOf(component);
      if (incident.state === 'open') endings.delete(key);
      else if (incident.resolvedMs !== undefined) endings.set(key, incident.resolvedMs);
    }
    return endings;
  }

  /** Those whose consequences are still in the window. */
  #lately({ nowMs, settings }: Books): Kept[] {
    const sinceMs = nowMs - settings.windowMs - settings.quietMs;
    return this.#kept.filter(
      ({ incident }) =>
        incident.state === 'resolved' &&
        incident.mergedInto === undefined &&
        (incident.resolvedMs ?? 0) >= sinceMs,
    );
  }

  get isOpen(): boolean {
    return this.#kept.some(isOpen);
  }

  /** The open incident of that component, else one whose first guess this verdict puts right. */
  #find(
    { suspect, followers }: Verdict,
    { taken, books }: { taken: ReadonlySet<Kept>; books: Books },
  ): Kept | 'old news' | undefined {
    const key = keyOf(suspect.component);
    const same = this.#kept.findLast((kept) => keyOf(kept.component) === key && !taken.has(kept));
    if (same?.incident.state === 'open') return same;
    if (books.nowMs - suspect.lastMs >= books.settings.quietMs) return 'old news';
    if (same && suspect.lastMs <= (same.incident.resolvedMs ?? 0) + 500) return 'old news';
    const isBack =
      same !== undefined &&
      suspect.lastMs - (same.incident.resolvedMs ?? 0) < REOPEN_MS &&
      isSame(same.incident.origin, suspect.hypotheses[0]?.origin ?? same.incident.origin);
    if (isBack) return same;
    const below = new Set(followers.map(({ component }) => keyOf(component)));
    return this.#kept.findLast(
      (kept) =>
        kept.incident.state === 'open' &&
        !taken.has(kept) &&
        suspect.lastMs - kept.openedMs < REFINE_MS &&
        (below.has(keyOf(kept.component)) || suspect.symptom === 'overload'),
    );
  }

  /** What was named by itself and turns out to follow from something else is over. */
  #merge(
    into: Kept,
    of: { verdict: Verdict; taken: ReadonlySet<Kept>; books: Books },
  ): IncidentUpdate[] {
    const followers = new Set(of.verdict.followers.map(({ component }) => keyOf(component)));
    return this.#kept.flatMap((kept): IncidentUpdate[] => {
      if (!isOpen(kept) || of.taken.has(kept) || !followers.has(keyOf(kept.component))) return [];
      const { nowMs } = of.books;
      kept.incident = {
        ...kept.incident,
        state: 'resolved',
        resolvedMs: nowMs,
        updatedMs: nowMs,
        mergedInto: into.id,
      };
      return [{ kind: 'resolved', incident: kept.incident }];
    });
  }

  #open({ suspect }: Verdict, books: Books): Kept {
    const { nowMs, settings } = books;
    const id = `inc-${Math.floor(suspect.onsetMs).toString(36)}-${++this.#count}`;
    const origin = suspect.hypotheses[0]?.origin ?? { kind: 'service', service: '' };
    const kept: Kept = {
      id,
      component: suspect.component,
      story: new Story(),
      lastMs: suspect.lastMs,
      suspect,
      first: suspect.symptom,
      told: suspect,
      toldMs: 0,
      onsetMs: suspect.onsetMs,
      namedMs: nowMs,
      openedMs: nowMs,
      totals: new Map(),
      requests: books.rush.sum(suspect.onsetMs).total,
      incident: blank(id, origin, suspect),
    };
    this.#kept.push(kept);
    if (this.#kept.length > settings.incidentsKept) this.#kept.shift();
    return kept;
  }

  #refresh(
    kept: Kept,
    { verdict, suspects, books }: { verdict: Verdict; suspects: readonly Suspect[]; books: Books },
  ): void {
    const { suspect } = verdict;
    if (kept.incident.state === 'resolved') kept.openedMs = books.nowMs;
    if (keyOf(kept.component) !== keyOf(suspect.component)) {
      kept.component = suspect.component;
      kept.story = new Story();
      kept.first = suspect.symptom;
    }
    kept.suspect = suspect;
    kept.lastMs = Math.max(kept.lastMs, suspect.lastMs);
    kept.onsetMs = Math.min(kept.onsetMs, suspect.onsetMs);
    kept.story.add(suspect.findings, kept.component);
    const { component, story, onsetMs, totals } = kept;
    const origin = settled(kept, suspect, books);
    kept.told = toldOf(kept, { origin, suspect });
    const journeys = story.journeys(totals);
    const hit = journeys.reduce((sum, journey) => sum + journey.hit, 0);
    const change = suspectChange(suspect, { origin, books });
    const told = {
      id: kept.id,
      state: 'open' as const,
      origin,
      symptom: kept.told.symptom,
      onsetMs,
      namedMs: kept.namedMs,
      updatedMs: books.nowMs,
      candidates: candidatesOf(suspect, { origin, suspects }),
      propagation: story.propagation(component, onsetMs),
      victims: story.victims(),
      absorbed: story.absorbed(component, onsetMs, books),
      journeys,
      shareHit: kept.requests > 0 ? Math.min(1, hit / kept.requests) : 0,
      amplification: amplification(onsetMs, books),
      traces: story.traces,
      confidence: confidenceOf(suspect, origin),
      ...(change && { suspectedChange: change }),
    };
    kept.incident = { ...told, sentence: sentenceOf({ ...told, ratio: kept.told.ratio }) };
  }

  #changed(kept: Kept, before: Incident | undefined, { nowMs }: Books): IncidentUpdate[] {
    const { incident } = kept;
    if (!before || before.state === 'resolved') {
      kept.toldMs = nowMs;
      return [{ kind: 'opened', incident }];
    }
    const isNew = JSON.stringify(before.origin) !== JSON.stringify(incident.origin);
    if (!isNew && nowMs - kept.toldMs < UPDATE_EVERY_MS) return [];
    if (!isNew && before.sentence === incident.sentence) return [];
    kept.toldMs = nowMs;
    return [{ kind: 'updated', incident }];
  }
}

function isOpen({ incident }: Kept): boolean {
  return incident.state === 'open';
}

function namedBefore({ suspect, onsetMs }: Kept): Named {
  return { ...suspect, onsetMs };
}

function blank(id: string, origin: Origin, suspect: Suspect): Incident {
  return {
    id,
    state: 'open',
    origin,
    symptom: suspect.symptom,
    onsetMs: suspect.onsetMs,
    namedMs: 0,
    updatedMs: 0,
    candidates: [],
    propagation: [],
    victims: [],
    absorbed: [],
    journeys: [],
    shareHit: 0,
    amplification: [],
    traces: [],
    confidence: 0,
    sentence: '',
  };
}

/**
 * The best explanation, or the one that was given before where the best is hardly better, or where
 * the evidence for it is no longer in the window: what has been broken for a while looks different
 * once others keep away from it.
 */
function settled(kept: Kept, suspect: Suspect, books: Books): Origin {
  const { incident: before, openedMs, lastMs, told } = kept;
  const { hypotheses, severity } = suspect;
  const [top] = hypotheses;
  if (!top || before.sentence === '') return top?.origin ?? before.origin;
  if (before.origin.service !== top.origin.service) return top.origin;
  const same = hypotheses.find(({ origin }) => isSame(origin, before.origin));
  if (isKeptFrom(kept, suspect, books)) return before.origin;
  const isSettled = lastMs - openedMs > SETTLED_MS;
  if (isSettled && severity !== told.severity) return before.origin;
  const least = isSettled ? REVISE_SETTLED_BY : REVISE_BY;
  if (same) return top.support - same.support < least ? same.origin : top.origin;
  return isSettled ? before.origin : top.origin;
}

/** What others keep from is not seen to fail any more; what is seen then is that they wait for it. */
function isKeptFrom(
  { incident, component, openedMs, lastMs, first }: Kept,
  { symptom }: Suspect,
  { edges }: Books,
): boolean {
  if (lastMs - openedMs <= HELD_BACK_MS) return false;
  const { kind } = incident.origin;
  if ((kind === 'version' || kind === 'instance') && edges.isHeldBackByAny(component.name)) {
    return true;
  }
  // Who finds nobody to ask tells of his own breakers, not of which way is broken.
  return symptom === 'unreachable' && first !== 'unreachable';
}

/** What shows the origin best: the most of what went wrong at once, while it is the same origin. */
function toldOf(
  { told, incident }: Kept,
  { origin, suspect }: { origin: Origin; suspect: Suspect },
): Kept['told'] {
  if (!isSame(origin, incident.origin)) return suspect;
  const isTop = isSame(origin, suspect.hypotheses[0]?.origin ?? origin);
  return isTop && suspect.ratio.bad >= told.ratio.bad ? suspect : told;
}

function isSame(a: Origin, b: Origin): boolean {
  return (
    a.kind === b.kind &&
    a.service === b.service &&
    a.version === b.version &&
    a.instance === b.instance &&
    a.edge?.from === b.edge?.from
  );
}

function candidatesOf(
  suspect: Suspect,
  { origin, suspects }: { origin: Origin; suspects: readonly Suspect[] },
): Candidate[] {
  const top = suspect.hypotheses[0]?.support ?? 0;
  const own = suspect.hypotheses
    .filter(({ support }) => support > top - 15)
    .map((one) => ({ origin: one.origin, score: suspect.score + one.support - top }));
  const others = suspects
    .filter((one) => one !== suspect)
    .flatMap(({ hypotheses, score }) => {
      const [best] = hypotheses;
      return best ? [{ origin: best.origin, score: Math.min(score, suspect.score) * 0.8 }] : [];
    });
  const rest = [...own, ...others]
    .filter((one) => !isSame(one.origin, origin))
    .toSorted((a, b) => b.score - a.score);
  return [{ origin, score: suspect.score }, ...rest].slice(0, CANDIDATES_MAX);
}

function confidenceOf({ score, hypotheses }: Suspect, origin: Origin): number {
  const mine = hypotheses.find((one) => isSame(one.origin, origin))?.support ?? 0;
  const next = Math.max(
    -Infinity,
    ...hypotheses.filter((one) => !isSame(one.origin, origin)).map(({ support }) => support),
  );
  const evidence = 1 - Math.exp(-score / 8);
  const margin = 1 / (1 + Math.exp(-Math.min(6, mine - next)));
  return Math.round(evidence * margin * 100) / 100;
}
