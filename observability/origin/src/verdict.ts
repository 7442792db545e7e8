import type { Books } from './books.ts';
import { isOfItsLoad, isOfTheMachine, rushedOf, touchedByRush } from './excuses.ts';
import { keyOf } from './finding.ts';
import { findSuspects, type Suspect } from './suspects.ts';

/** Who began it, each with those whose trouble follows from it. */
export type Verdict = { readonly suspect: Suspect; readonly followers: readonly Suspect[] };

const HOPS_MAX = 5;
const HARMED_SHARE = 0.08;
const LATE_MS = 2_500;
/** Fewer slow calls prove nothing beside something that is broken; where nearly all are slow, … */
const PROOF_LEAST = 6;
/** … so many do. */
const PROOF_OF_ALL_LEAST = 4;
const NEARLY_ALL = 0.9;
/** What a store said for this long counts. */
const COMMON_MS = 3_500;

/** What was named before and is not over. */
export type Named = Pick<Suspect, 'component' | 'onsetMs' | 'symptom' | 'score' | 'findings'>;

/** What was over at `overMs`: it explains what began before then. */
export type Past = Named & { readonly overMs: number };

/** Separates those who broke from those who suffer from it, or from what is known to be broken. */
export function judge(
  books: Books,
  known: {
    readonly open: readonly Named[];
    readonly over: readonly Past[];
    /** Of those who suffered from others, when there last was something bad that that explains. */
    readonly explained: ReadonlyMap<string, number>;
  },
): {
  verdicts: Verdict[];
  suspects: Suspect[];
  excused: readonly Suspect[];
  /** Too little to be told beside something broken, and not explained by it either. */
  held: readonly Suspect[];
} {
  const found = withSilentCallees(findSuspects(books), books);
  const suspects = withCommonStores([...found, ...queueSuspects(books)], books);
  const strong = suspects.filter(({ score }) => score >= books.settings.nameAt);
  const rushed = rushedOf(strong, suspects, books);
  const loaded = strong.filter((one) => isOfItsLoad(one, books));
  const own = strong.filter((one) => !isOfTheMachine(one, books) && !loaded.includes(one));
  const named = withRush(own, { rushed, all: suspects, books });
  const before = known.open.map((one) => withKnownOnset(one, named));
  const causes: readonly Named[] = [
    ...named.filter((one) => !before.some((other) => isSame(other, one))),
    ...before,
  ];
  const apart = named.filter(
    (one) => !causes.some((other) => !isSame(one, other) && followsFrom(one, other, books)),
  );
  const held = apart.filter((one) => isMurmur(one, causes, books));
  const origins = apart.filter(
    (one) =>
      !held.includes(one) &&
      !known.over.some((past) => isEcho(one, past, books)) &&
      one.lastMs > (known.explained.get(keyOf(one.component)) ?? 0),
  );
  const verdicts = origins.map((suspect) => ({
    suspect,
    followers: suspects.filter(
      (other) => !origins.includes(other) && followsFrom(other, suspect, books),
    ),
  }));
  return { verdicts, suspects, excused: [...rushed, ...loaded], held };
}

function isSame(a: Pick<Suspect, 'component'>, b: Pick<Suspect, 'component'>): boolean {
  return keyOf(a.component) === keyOf(b.component);
}

/** What followed from something that is over by now, and is not over for long. */
function isEcho(one: Suspect, past: Past, books: Books): boolean {
  return (
    one.onsetMs <= past.overMs + LATE_MS && !isSame(one, past) && followsFrom(one, past, books)
  );
}

/** What a window shows of a component that was named before, with the onset that it had then. */
function withKnownOnset(open: Named, named: readonly Suspect[]): Named {
  const now = named.find((one) => isSame(one, open));
  return now ? { ...now, onsetMs: Math.min(open.onsetMs, now.onsetMs) } : open;
}

/** A little slowness beside something broken: what is broken keeps the machine busy. */
function isMurmur(one: Suspect, causes: readonly Named[], books: Books): boolean {
  const isSilence = one.symptom === 'silence' && one.component.kind === 'service';
  if (one.symptom !== 'latency' && !isSilence) return false;
  const { bad, total } = one.ratio;
  const least = bad >= total * NEARLY_ALL ? PROOF_OF_ALL_LEAST : PROOF_LEAST;
  return causes.some(
    (other) =>
      !isSame(one, other) &&
      other.onsetMs <= one.onsetMs + LATE_MS &&
      other.score > one.score * 0.7 &&
      (bad < total * 0.6 || bad < least) &&
      // Who waits for it is not what keeps it busy.
      !followsFrom(other, one, books),
  );
}

/** Whether the trouble of `one` follows from that of `other`: it depends on it and came no earlier. */
function followsFrom(one: Named, other: Named, books: Books): boolean {
  if (other.symptom === 'overload') return one.symptom !== 'overload';
  if (other.component.kind === 'queue') return false;
  if (one.component.kind === 'queue') {
    const { name } = one.component;
    const consumer = [...books.queues.all()].find((state) => state.queue === name)?.service;
    if (consumer === undefined) return false;
    const store = { kind: 'store', name: 'redis' } as const;
    return (
      other.component.name === consumer ||
      keyOf(other.component) === keyOf(store) ||
      depends(consumer, other.component.name, books)
    );
  }
  if (one.component.kind !== 'service') return false;
  if (!depends(one.component.name, other.component.name, books)) return false;
  if (depends(other.component.name, one.component.name, books)) return other.score > one.score;
  if (other.onsetMs > one.onsetMs + LATE_MS) return false;
  return other.component.kind === 'store' || !isApart(one, other);
}

/** Broken by itself as well: its own failures are in traces that the other has no part in. */
function isApart(one: Named, other: Named): boolean {
  const others = new Set(other.findings.map(({ traceId }) => traceId));
  const apart = one.findings.filter(
    ({ traceId, symptom, where }) =>
      where === 'own' && symptom === 'errors' && !others.has(traceId),
  );
  return apart.length >= 4 && apart.length >= one.findings.length * 0.6;
}

function depends(service: string, on: string, books: Books): boolean {
  const reached = new Set([service]);
  let frontier = [service];
  for (let hops = 0; hops < HOPS_MAX && frontier.length > 0; hops++) {
    frontier = frontier
      .flatMap((name) => calledBy(name, books))
      .filter((name) => !reached.has(name));
    if (frontier.includes(on)) return true;
    for (const name of frontier) reached.add(name);
  }
  return false;
}

function calledBy(service: string, { rows }: Books): string[] {
  const outward = rows.from(service).filter(({ family }) => family !== 'inbound');
  return [...new Set(outward.map(({ component }) => component.name))];
}

/** Those who are not rushed, and the rush itself where it does harm. */
function withRush(
  named: readonly Suspect[],
  of: { rushed: readonly Suspect[]; all: readonly Suspect[]; books: Books },
): readonly Suspect[] {
  const { rushed, all, books } = of;
  const rush = books.rush.now;
  const left = named.filter((one) => !rushed.includes(one));
  const [latest] = rushed.toSorted((a, b) => b.lastMs - a.lastMs);
  if (!rush || !latest) return left;
  const touched = touchedByRush(all, books);
  const { total, failed, slow } = books.rush.sum(rush.sinceMs);
  const isHarmed = total >= 20 && (failed + slow) / total >= HARMED_SHARE && rush.factor >= 2.5;
  if (!isHarmed) return left;
  const onsetMs = Math.min(...touched.map((one) => one.onsetMs));
  const origin = { kind: 'load', service: books.edgeService } as const;
  return [
    ...left,
    {
      component: { kind: 'queue', name: 'load' },
      symptom: 'overload',
      score: Math.max(latest.score, books.settings.nameAt),
      onsetMs,
      hypotheses: [{ origin, support: 0 }],
      severity: 'soft',
      findings: touched.flatMap(({ findings }) => findings).slice(0, 20),
      ratio: { bad: failed + slow, total },
      lastMs: latest.lastMs,
    },
  ];
}

/**
 * Several services that stand still at once, and a store that all of them use and that says nothing
 * to most of them: it is the store, though no query has ended yet that could tell.
 */
function withCommonStores(suspects: readonly Suspect[], books: Books): Suspect[] {
  const { nowMs, settings } = books;
  const troubled = suspects.filter(
    ({ component, score }) => component.kind === 'service' && score >= settings.nameAt / 2,
  );
  return suspects.map((one) => {
    if (one.component.kind !== 'store' || one.score >= settings.nameAt) return one;
    const connections = books.rows.into(one.component).filter(({ family }) => family === 'tcp');
    const users = new Set(connections.map(({ caller }) => caller));
    const standing = troubled.filter(({ component }) => users.has(component.name));
    if (standing.length < 2) return one;
    const lately = connections.map((row) => row.soft.sum(nowMs - COMMON_MS));
    const mute = lately.reduce((sum, { bad }) => sum + bad, 0);
    const told = lately.reduce((sum, { total }) => sum + total, 0);
    if (mute < 3 || mute < told * 0.4) return one;
    const onsetMs = Math.min(one.onsetMs, ...standing.map((other) => other.onsetMs));
    return { ...one, score: settings.nameAt + mute, onsetMs, symptom: 'silence' as const };
  });
}

/**
 * A service that stands still, and whose calls that have ended hung somewhere: the ones that have
 * not ended yet hang there as well.
 */
function withSilentCallees(suspects: readonly Suspect[], { settings }: Books): Suspect[] {
  const standing = suspects.filter(
    ({ component, symptom, findings }) =>
      component.kind === 'service' && symptom === 'silence' && findings.length === 0,
  );
  return suspects.map((one) => {
    if (one.score >= settings.nameAt) return one;
    const hung = one.findings.filter(({ symptom }) => symptom === 'silence');
    const callers = new Set(hung.map(({ caller }) => caller?.service));
    const waiting = standing.filter(
      (other) => callers.has(other.component.name) && other.onsetMs >= one.onsetMs - LATE_MS,
    );
    const more = waiting.reduce((sum, { score }) => sum + score, 0);
    return more > 0 ? { ...one, score: one.score + more, symptom: 'silence' as const } : one;
  });
}

function queueSuspects(books: Books): Suspect[] {
  return books.queues.backlogs(books.nowMs).map(({ state, sinceMs, score }) => ({
    component: { kind: 'queue', name: state.queue },
    symptom: 'backlog',
    score,
    onsetMs: sinceMs,
    hypotheses: [
      { origin: { kind: 'queue', service: state.queue }, support: 0 },
      { origin: { kind: 'service', service: state.service }, support: -1 },
    ],
    severity: 'soft' as const,
    findings: [],
    ratio: { bad: state.lag, total: state.lag },
    lastMs: state.atMs,
  }));
}
