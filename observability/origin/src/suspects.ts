import type { Books } from './books.ts';
import { cellsOf, type Severity, storeCells } from './cells.ts';
import { type Component, type Finding, keyOf } from './finding.ts';
import { type Hypothesis, type Priors, rank } from './hypotheses.ts';
import type { Origin, Symptom } from './model.ts';
import { type Family, type Row, usualShare } from './rows.ts';
import { mostSurprising, type Ratio } from './tally.ts';
import { ARRIVED_MS, type Death } from './vitals.ts';
import { badIn, cutOffCallers, othersWait } from './ways.ts';

/** A component that may be where something began, with what speaks for it. */
export type Suspect = {
  readonly component: Component;
  readonly symptom: Symptom;
  /** Natural logarithm of how much better it explains what is seen than chance does. */
  readonly score: number;
  readonly onsetMs: number;
  readonly hypotheses: readonly Hypothesis[];
  /** What traces show of it. */
  readonly findings: readonly Finding[];
  readonly ratio: Ratio;
  /** What the hypotheses were judged by: failures or slowness. */
  readonly severity: Severity;
  /** When there last was something bad. */
  readonly lastMs: number;
  readonly death?: Death;
};

type Scored = { score: number; sinceMs: number; ratio: Ratio; severity: Severity; family: Family };

const SPANS: readonly Family[] = ['calls', 'serves'];
const SIDECARS: readonly Family[] = ['route', 'endpoint', 'inbound', 'tcp'];
const SLOW_SHARE_MIN = 0.15;
const DEATH_TOLD = 9;
const DEATH_SEEN = 6;
const ARRIVED = 4.5;
const ARRIVED_SLOW = 2;
const TAKEN_BACK = 2;
const ALWAYS_SLOW = 0.8;
const STRAINED = 0.3;
const APART_LEAST = 6;

/** Everything that has something against it in the window, the strongest first. */
export function findSuspects(books: Books): Suspect[] {
  const suspects = books.rows.components().flatMap((one) => suspectOf(one, books) ?? []);
  return suspects.toSorted((a, b) => b.score - a.score);
}

/** What speaks against one component; undefined where nothing does. */
export function suspectOf(component: Component, books: Books): Suspect | undefined {
  const { nowMs } = books;
  const fromMs = windowOf(component, books);
  const rows = books.rows.into(component);
  const findings = books.findings.filter(
    (one) => keyOf(one.component) === keyOf(component) && one.atMs >= fromMs,
  );
  const deaths = deathsOf(component, books);
  const [death] = deaths;
  const bySpans = best(rows, SPANS, books);
  const bySidecars = best(rows, SIDECARS, books);
  if (!bySpans && !bySidecars && !death) return undefined;
  const times = [bySpans?.sinceMs, bySidecars?.sinceMs, death?.atMs];
  const sinceMs = Math.min(...times.filter((time) => time !== undefined));
  const { score, main } = weigh({ component, rows, findings, bySpans, bySidecars, books });
  const severity = main?.severity ?? 'hard';
  // Where everything is late, slowness is nobody's own.
  const weight = severity === 'soft' ? 1 / (1 + books.strain * 2) : 1;
  const ofDeath = death ? (death.told ? DEATH_TOLD : DEATH_SEEN) : 0;
  if (score * weight + ofDeath <= 0) return undefined;
  const hypotheses = explain(component, { rows, severity, sinceMs, deaths, books });
  const ofArrival = main ? arrived(main, { origin: hypotheses[0]?.origin, sinceMs, books }) : 0;
  return {
    component,
    score: score * weight + ofDeath + ofArrival,
    onsetMs: onsetOf(findings, { sinceMs, death }),
    symptom: symptomOf({ findings, rows, sinceMs, severity, death }),
    hypotheses,
    severity,
    findings,
    ratio: main?.ratio ?? { bad: 0, total: 0 },
    lastMs: Math.min(nowMs, lastBad(rows, { findings, death, fromMs })),
    ...(death && { death }),
  };
}

/**
 * What speaks against a version for having come just before, and more for having been taken back
 * since: one failure is enough then. Many of its calls are slow at first.
 */
function arrived(
  { severity, ratio }: Scored,
  of: { origin: Origin | undefined; sinceMs: number; books: Books },
): number {
  const { origin, sinceMs, books } = of;
  if (!isNewVersion(origin, sinceMs, books)) return 0;
  if (severity === 'soft') {
    return ratio.bad >= Math.max(2, ratio.total * ALWAYS_SLOW) ? ARRIVED_SLOW : 0;
  }
  const { service, version } = origin;
  if (books.vitals.isTakenBack(service, version, sinceMs)) return ARRIVED + TAKEN_BACK;
  return ratio.bad >= 2 ? ARRIVED : 0;
}

/** What came before the end of its last incident has been told. */
function windowOf(component: Component, { nowMs, settings, overMs }: Books): number {
  return Math.max(nowMs - settings.windowMs, overMs.get(keyOf(component)) ?? 0);
}

function deathsOf({ kind, name }: Component, books: Books): Death[] {
  if (kind !== 'service') return [];
  const { vitals, nowMs, settings, strain } = books;
  const deaths = vitals
    .deaths(name, nowMs - settings.windowMs, nowMs)
    // Who is short of time is silent for a while, and not dead.
    .filter(({ told }) => told || strain < STRAINED);
  return deaths.toSorted((a, b) => a.atMs - b.atMs);
}

/** Traces and sidecars see the same calls: the stronger counts, the other confirms it. */
function weigh(of: {
  component: Component;
  rows: readonly Row[];
  findings: readonly Finding[];
  bySpans: Scored | undefined;
  bySidecars: Scored | undefined;
  books: Books;
}): { score: number; main: Scored | undefined } {
  const { component, rows, findings, bySpans, bySidecars, books } = of;
  const own = bySidecars ? ownShare(component, { rows, sinceMs: bySidecars.sinceMs, books }) : 0;
  const spanScore = lasting(bySpans, findings, books);
  const sidecarScore = (bySidecars?.score ?? 0) * own;
  const [more, less] = [Math.max(spanScore, sidecarScore), Math.min(spanScore, sidecarScore)];
  return { score: more + 0.3 * less, main: spanScore >= sidecarScore ? bySpans : bySidecars };
}

function lastBad(
  rows: readonly Row[],
  of: { findings: readonly Finding[]; death: Death | undefined; fromMs: number },
): number {
  let lastMs = Math.max(of.fromMs, of.death?.atMs ?? 0);
  for (const { family, hard, soft } of rows) {
    if (!SPANS.includes(family)) lastMs = Math.max(lastMs, hard.lastBadMs, soft.lastBadMs);
  }
  for (const { atMs } of of.findings) lastMs = Math.max(lastMs, atMs);
  return lastMs;
}

/** The most surprising view of the rows: all of a family, or one caller, instance or version of it. */
function best(rows: readonly Row[], families: readonly Family[], books: Books): Scored | undefined {
  let found: Scored | undefined;
  for (const family of families) {
    const ofFamily = rows.filter((row) => row.family === family);
    for (const severity of ['hard', 'soft'] as const) {
      const one = bestOf(ofFamily, severity, books);
      if (one && one.score > (found?.score ?? 0)) found = { ...one, severity, family };
    }
  }
  return found;
}

function bestOf(rows: readonly Row[], severity: Severity, books: Books) {
  const { nowMs, settings } = books;
  const [first] = rows;
  if (!first) return undefined;
  const fromMs = windowOf(first.component, books);
  const bad = rows.filter((one) => one[severity].lastBadMs >= fromMs);
  if (bad.length === 0) return undefined;
  const scored = subsets(rows, bad).map((subset) =>
    mostSurprising(
      subset.map((row) => row[severity]),
      { fromMs, toMs: nowMs, usual: usualOf(subset, severity, settings) },
    ),
  );
  // A little slowness all the time is how it is, however long it is looked at.
  const least = severity === 'soft' ? SLOW_SHARE_MIN : 0;
  return scored
    .filter(({ ratio }) => ratio.bad >= ratio.total * least)
    .toSorted((a, b) => b.score - a.score)[0];
}

/** What never fails surprises sooner when it does; what is slow now and then, later. */
function usualOf(rows: readonly Row[], severity: Severity, settings: Books['settings']): number {
  const { usualFailures, rareFailures, usualSlow } = settings;
  if (severity === 'hard') {
    return Math.max(rareFailures, usualShare(rows, { severity, general: usualFailures }));
  }
  return Math.max(usualSlow, usualShare(rows, { severity, general: usualSlow }));
}

function subsets(rows: readonly Row[], bad: readonly Row[]): Row[][] {
  const all = [[...rows]];
  for (const part of ['caller', 'instance', 'version'] as const) {
    const values = new Set(bad.map((row) => row[part]));
    const others = rows.some((row) => row[part] !== [...values][0]);
    if (!others) continue;
    for (const value of values) {
      if (value !== undefined) all.push(rows.filter((row) => row[part] === value));
    }
  }
  return all;
}

/**
 * How much of what sidecars saw go wrong at a service is its own doing rather than what it met when
 * it called on, 0 to 1. Traces say it best; counts of its own calls do where traces are missing.
 */
function ownShare(
  component: Component,
  { rows, sinceMs, books }: { rows: readonly Row[]; sinceMs: number; books: Books },
): number {
  if (component.kind !== 'service') return 1;
  const { name } = component;
  const fromMs = sinceMs - 1_000;
  let own = 0;
  let passed = 0;
  for (const finding of books.findings) {
    if (finding.atMs < fromMs) continue;
    if (finding.component.name === name) own++;
    else if (finding.path.some((step) => step.service === name && step.outcome !== 'fine'))
      passed++;
  }
  const inward = Math.max(
    ...(['route', 'endpoint', 'inbound'] as const).map((family) => badOf(rows, family, sinceMs)),
  );
  const outward = books.rows
    .from(name)
    .filter(({ family }) => family === 'route' || family === 'tcp')
    .reduce((sum, row) => sum + badIn(row, fromMs) * (row.family === 'tcp' ? 2 : 1), 0);
  const byCounts = inward > 0 ? Math.max(0, 1 - outward / inward) : 1;
  if (own + passed >= 2) return (own / (own + passed)) * 0.7 + byCounts * 0.3;
  // Until its own sidecars have told what they met, nothing is known of it.
  const heardMs = books.vitals.heardMs(name);
  if (heardMs < sinceMs + 600 && books.nowMs - heardMs < 2_500) return 0;
  return byCounts;
}

function badOf(rows: readonly Row[], family: Family, sinceMs: number): number {
  return rows
    .filter((row) => row.family === family)
    .reduce((sum, row) => sum + badIn(row, sinceMs), 0);
}

/**
 * Slowness counts when it lasts, or is too long to be a pause. So do calls that somebody gave up
 * because they took long: one pause makes all fail that are under way.
 */
function lasting(scored: Scored | undefined, findings: readonly Finding[], books: Books): number {
  if (!scored) return 0;
  const since = findings.filter(({ atMs }) => atMs >= scored.sinceMs - 1_000);
  if (scored.severity === 'hard') {
    const failed = since.filter(({ symptom }) => symptom !== 'latency');
    const mayBePause = failed.length > 0 && failed.every(({ gaveUp }) => gaveUp);
    return mayBePause && !isNoPause(failed, 1, books) ? 0 : scored.score;
  }
  const slow = since.filter(({ symptom }) => symptom === 'latency');
  // Pauses come alone: slowness has to prove more than failures have to.
  return isNoPause(slow, 2, books) ? scored.score - 2 : 0;
}

/** Whether what was late was so for long, or `longLeast` of it by more than a pause lasts. */
function isNoPause(late: readonly Finding[], longLeast: number, { settings }: Books): boolean {
  const first = Math.min(...late.map(({ startedMs }) => startedMs));
  const last = Math.max(...late.map(({ startedMs }) => startedMs));
  const long = late.filter(({ excessMs }) => excessMs >= settings.verySlowMs).length;
  if (long >= longLeast || last - first >= settings.lastingMs) return true;
  // One pause is over for all at once: who came after somebody was through has met another.
  const through = Math.min(...late.map(({ atMs }) => atMs));
  return last - first >= settings.lastingMs / 2 && last > through && late.length >= APART_LEAST;
}

function explain(
  component: Component,
  of: {
    rows: readonly Row[];
    severity: Severity;
    sinceMs: number;
    deaths: readonly Death[];
    books: Books;
  },
): Hypothesis[] {
  const { rows, severity, sinceMs, deaths, books } = of;
  const { settings } = books;
  const usual = severity === 'hard' ? settings.usualFailures : settings.usualSlow;
  const cutOff =
    deaths.length > 0 ? new Set<string>() : cutOffCallers(component, { rows, sinceMs, books });
  const cells =
    component.kind === 'store'
      ? storeCells(rows, { severity, sinceMs, books })
      : cellsOf(rows, { severity, sinceMs, isCutOff: cutOff.size > 0 });
  const instances = new Set(books.vitals.of(component.name).map(({ instance }) => instance));
  for (const cell of cells) if (cell.instance !== undefined) instances.add(cell.instance);
  const callers = new Set(rows.flatMap((row) => row.caller ?? []));
  const versions = new Set(rows.flatMap((row) => row.version ?? []));
  const dead = new Set(deaths.map(({ vital }) => vital.instance));
  const priors: Priors = {
    edge: (caller) => {
      if (cutOff.has(caller)) return 6;
      const isAlone =
        severity === 'hard' || !othersWait(component, { caller, callers, sinceMs, books });
      return callers.size > 1 && isAlone ? -4 : -20;
    },
    instance: (instance) => (dead.has(instance) ? 8 : instances.size > 1 ? -1 : -20),
    version: (version) => {
      const origin = { kind: 'version', service: component.name, version } as const;
      if (isNewVersion(origin, sinceMs, books)) return 2.5;
      return versions.size > 1 ? -1 : -20;
    },
  };
  const hypotheses = rank(component, { cells, usual, priors });
  return withDead(component, { hypotheses, deaths, instances: instances.size });
}

/** Whether it is a version that came shortly before. */
function isNewVersion(
  origin: Origin | undefined,
  atMs: number,
  { vitals }: Books,
): origin is Origin {
  if (origin?.kind !== 'version') return false;
  const when = { atMs, withinMs: ARRIVED_MS };
  return vitals.arrivalOf(origin.service, origin.version, when) !== undefined;
}

function withDead(
  { name }: Component,
  of: { hypotheses: readonly Hypothesis[]; deaths: readonly Death[]; instances: number },
): Hypothesis[] {
  const { hypotheses, deaths, instances } = of;
  const [top] = hypotheses;
  const [death] = deaths;
  if (!death || instances < 2 || deaths.length >= instances) return [...hypotheses];
  const { instance, version } = death.vital;
  const support = (top?.support ?? 0) + 1;
  const rest = hypotheses.filter(({ origin }) => origin.instance !== instance);
  const origin = {
    kind: 'instance',
    service: name,
    ...(version !== undefined && { version }),
    instance,
  } as const;
  return [{ origin, support }, ...rest];
}

function onsetOf(
  findings: readonly Finding[],
  of: { sinceMs: number; death: Death | undefined },
): number {
  const { sinceMs, death } = of;
  const first = Math.min(
    ...findings.filter(({ atMs }) => atMs >= sinceMs).map(({ startedMs }) => startedMs),
  );
  // Seconds are all that counts tell; traces tell better.
  const onsetMs = Number.isFinite(first) && first < sinceMs + 1_500 ? first : sinceMs;
  return death ? Math.min(death.atMs, onsetMs) : onsetMs;
}

function symptomOf(of: {
  findings: readonly Finding[];
  rows: readonly Row[];
  sinceMs: number;
  severity: Severity;
  death: Death | undefined;
}): Symptom {
  const { findings, rows, sinceMs, severity, death } = of;
  const nobody = rows.reduce((sum, row) => sum + row.nobody.sum(sinceMs).bad, 0);
  const hard = rows
    .filter(({ family }) => family === 'route')
    .reduce((sum, row) => sum + row.hard.sum(sinceMs).bad, 0);
  if (death || (nobody > 0 && nobody >= hard * 0.5)) return 'unreachable';
  const count = (symptom: Symptom) => findings.filter((one) => one.symptom === symptom).length;
  if (count('silence') > count('errors') + count('latency')) return 'silence';
  if (severity === 'soft') return count('latency') > 0 ? 'latency' : 'silence';
  return 'errors';
}
