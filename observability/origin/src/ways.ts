import type { Books } from './books.ts';
import type { Component } from './finding.ts';
import type { Family, Row } from './rows.ts';

// Whether what went wrong did so on the way to a component rather than in it.

/** What is stuck was sent so long before it is seen to be. */
const STUCK_MS = 1_000;
/** Requests that take this much longer on average are held up by something. */
const HELD_UP_MS = 60;
const TOLD_LEAST = 3;
const NEARLY_ALL = 0.8;

/** All that went wrong of a row since then. */
export function badIn({ hard, soft }: Row, sinceMs: number): number {
  return hard.sum(sinceMs).bad + soft.sum(sinceMs).bad;
}

/** Callers whose calls went wrong before they reached any instance. */
export function cutOffCallers(
  component: Component,
  { rows, sinceMs, books }: { rows: readonly Row[]; sinceMs: number; books: Books },
): Set<string> {
  const callers = new Set<string>();
  for (const { family, caller } of rows) {
    if (caller === undefined || family !== 'route') continue;
    // Who waits for an endpoint that is kept out does not reach any either.
    if (books.edges.isHeldBack(caller, component.name)) continue;
    const between = rows.filter((row) => row.caller === caller);
    const of = { between, caller, sinceMs, books };
    const isApart =
      isCutOff(between, sinceMs) ||
      isNeverSent(component, of) ||
      isHeldUp(component, of) ||
      isToldOfTheWay(component, of);
    if (isApart) callers.add(caller);
  }
  return callers;
}

/** Its requests fail, and hardly an attempt at an instance does. */
function isCutOff(between: readonly Row[], sinceMs: number): boolean {
  const bad = (family: Family): number =>
    between
      .filter((row) => row.family === family)
      .reduce((sum, { hard }) => sum + hard.sum(sinceMs).bad, 0);
  const nobody = between.reduce((sum, row) => sum + row.nobody.sum(sinceMs).bad, 0);
  const failed = bad('route') - nobody;
  return failed >= 2 && bad('endpoint') < failed * 0.3 && nobody < failed * 0.3;
}

type Between = {
  readonly between: readonly Row[];
  readonly caller: string;
  readonly sinceMs: number;
  readonly books: Books;
};

/** Its requests fail or are given up before they are sent to any instance. */
function isNeverSent({ name }: Component, { between, caller, sinceMs, books }: Between): boolean {
  const routes = between.filter(({ family }) => family === 'route');
  const nobody = between.reduce((sum, row) => sum + row.nobody.sum(sinceMs).bad, 0);
  const lost = routes.reduce((sum, row) => sum + badIn(row, sinceMs), 0) - nobody;
  const fromMs = sinceMs - STUCK_MS;
  return lost >= 2 && books.edges.sentSince({ caller, callee: name, sinceMs: fromMs }) < lost * 0.3;
}

/** Its requests take longer, and attempts at instances do not. */
function isHeldUp({ name }: Component, of: Between): boolean {
  const { between, caller, sinceMs, books } = of;
  const badOfFamily = (...families: Family[]): number =>
    Math.max(
      ...families.map((family) =>
        between
          .filter((row) => row.family === family)
          .reduce((sum, row) => sum + badIn(row, sinceMs), 0),
      ),
    );
  const slow = badOfFamily('route', 'calls');
  // Attempts that ran out of time took long as well, though nobody knows how long.
  if (slow < 2 || badOfFamily('endpoint') > slow * 0.3) return false;
  const from = { caller, callee: name, sinceMs };
  if (books.edges.isHalted(from)) return true;
  const route = books.edges.shiftOf('route', from) ?? 0;
  const attempts = books.edges.shiftOf('endpoint', from);
  return attempts !== undefined && route > HELD_UP_MS && attempts < route * 0.35;
}

/** Traces say it before counts do: its slow calls were with the callee for a small part of their time. */
function isToldOfTheWay({ name }: Component, { caller, sinceMs, books }: Between): boolean {
  const slow = books.findings.filter(
    (one) =>
      one.component.name === name &&
      one.caller?.service === caller &&
      one.symptom === 'latency' &&
      one.atMs >= sinceMs,
  );
  const onTheWay = slow.filter(({ isOnTheWay }) => isOnTheWay).length;
  return onTheWay >= TOLD_LEAST && onTheWay >= slow.length * NEARLY_ALL;
}

/** Whether other callers wait longer as well, though what is usual for them hides it. */
export function othersWait(
  { name }: Component,
  of: { caller: string; callers: ReadonlySet<string>; sinceMs: number; books: Books },
): boolean {
  const { caller, callers, sinceMs, books } = of;
  const shift = (one: string): number =>
    books.edges.shiftOf('endpoint', { caller: one, callee: name, sinceMs }) ?? 0;
  const own = shift(caller);
  return [...callers].some((one) => one !== caller && own > 0 && shift(one) > own * 0.35);
}
