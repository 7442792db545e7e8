import { Baselines } from '@faultline/origin/baselines';
import type { Incident } from '@faultline/origin/model';
import { SETTINGS } from '@faultline/origin/settings';
import { TraceBook } from '@faultline/origin/traces';
import { walk } from '@faultline/origin/walk';
import { sinkAttributes, toSpanRecord } from '../sink.ts';
import type { TraceRef, TraceStore } from '../storage/trace-store.ts';
import { SpanScan } from '../wire/span-scan.ts';

/**
 * Says of traces whether a failure in them began at `origin`: the name of a service, store or
 * provider, or the id of an incident. It did in those that an incident of that origin shows, and in
 * those that failed there although nothing below did.
 */
export class OriginMatcher {
  readonly #store: TraceStore;
  readonly #origin: string;
  readonly #shown: ReadonlySet<string>;
  readonly #attributes = sinkAttributes();
  readonly #usual = new Baselines(SETTINGS);
  readonly #services: ReadonlySet<string>;

  constructor(store: TraceStore, origin: string, incidents: readonly Incident[]) {
    this.#store = store;
    this.#origin = origin;
    const meant = incidents.filter((one) => one.id === origin || one.origin.service === origin);
    this.#shown = new Set(meant.flatMap(({ traces }) => traces));
    this.#services = new Set(store.names.services());
  }

  /** By its row alone: "no" is always true. */
  mayMatch(slot: number): boolean {
    const { table } = this.#store;
    return (table.errors[slot] ?? 0) > 0 || this.#shown.has(table.hexOf(slot));
  }

  matches(ref: TraceRef): boolean {
    if (this.#shown.has(this.#store.table.hexOf(ref.slot))) return true;
    const [trace] = this.#read(ref).suspicious;
    if (!trace) return false;
    const { findings } = walk(trace, {
      baselines: this.#usual,
      settings: SETTINGS,
      // Whatever has not come by now is not waited for.
      nowMs: Infinity,
      isTraced: (service) => this.#services.has(service),
    });
    return findings.some(({ component }) => component.name === this.#origin);
  }

  #read(ref: TraceRef): TraceBook {
    const book = new TraceBook(SETTINGS, this.#usual);
    const scan = new SpanScan();
    this.#store.visit(ref, ({ bytes, start, end, resource }) => {
      scan.scan(bytes, start, end);
      const span = toSpanRecord(scan, resource, this.#attributes.read(scan));
      // Cold: nothing is learnt from it.
      book.add(span, { nowMs: 0, cold: true });
      return true;
    });
    return book;
  }
}
