import type { Clock } from '@faultline/chassis/clock';
import type { Incident } from '@faultline/origin/model';
import type { TraceRef, TraceStore } from '../storage/trace-store.ts';
import { OriginMatcher } from './failure-origin.ts';
import type { TraceQuery } from './query.ts';
import { SpanMatcher } from './span-matcher.ts';
import { TraceFilter } from './trace-filter.ts';

/** A search lets others have a turn after so long. */
const TURN_MS = 8;

/** Whom to ask for traces, and by which clock searches share the time. */
export type SearchDeps = {
  store: TraceStore;
  clock: Clock;
  /** What is known of who broke first. */
  incidents: () => readonly Incident[];
};

/**
 * What `show` makes of the latest traces that match, the latest first; called while a trace's spans
 * are at hand. Traces of which it makes nothing are left out.
 */
export async function findTraces<T>(
  deps: SearchDeps,
  query: TraceQuery,
  show: (ref: TraceRef) => T | undefined,
): Promise<T[]> {
  const { store } = deps;
  const filter = new TraceFilter(store, query);
  const matcher = new SpanMatcher(query);
  const origin =
    query.origin === '' ? undefined : new OriginMatcher(store, query.origin, deps.incidents());
  const turns = new Turns(deps.clock);
  const found: T[] = [];
  for (const ref of candidates(store, filter)) {
    if (found.length >= query.limit) break;
    if (turns.isOver) await turns.next();
    if (origin?.mayMatch(ref.slot) === false) continue;
    if (!filter.isCertain(ref.slot) && !hasMatch(store, ref, matcher)) continue;
    if (origin?.matches(ref) === false) continue;
    const shown = store.isThere(ref) ? show(ref) : undefined;
    if (shown !== undefined) found.push(shown);
  }
  return found;
}

/** Lets the event loop run now and then in a long computation. */
export class Turns {
  readonly #clock: Clock;
  #untilMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#untilMs = clock.monotonic() + TURN_MS;
  }

  get isOver(): boolean {
    return this.#clock.monotonic() >= this.#untilMs;
  }

  /** Resolves when it is this one's turn again. */
  async next(): Promise<void> {
    await new Promise(setImmediate);
    this.#untilMs = this.#clock.monotonic() + TURN_MS;
  }
}

function* candidates({ table }: TraceStore, filter: TraceFilter): Generator<TraceRef> {
  const slots: number[] = [];
  for (let slot = 0; slot < table.slots; slot++) {
    if (table.isUsed(slot) && filter.mayMatch(slot)) slots.push(slot);
  }
  const { startUs } = table;
  slots.sort((a, b) => (startUs[b] ?? 0) - (startUs[a] ?? 0));
  // As they are now: a slot may be given to another trace while others have their turn.
  const generations = slots.map((slot) => table.generation[slot] ?? 0);
  for (const [index, slot] of slots.entries()) {
    yield { slot, generation: generations[index] ?? 0 };
  }
}

function hasMatch(store: TraceStore, ref: TraceRef, matcher: SpanMatcher): boolean {
  let matches = false;
  store.visit(ref, (record) => {
    matches = matcher.matches(record);
    return !matches;
  });
  return matches;
}
