import { hashKey, hashTag, hashText } from '../storage/hash.ts';
import { type Resource, textOf } from '../storage/interner.ts';
import { operationFact, resourceFact, tagFact } from '../storage/trace-index.ts';
import type { TraceStore } from '../storage/trace-store.ts';
import type { TraceTable } from '../storage/trace-table.ts';
import type { TraceQuery } from './query.ts';
import { isSpecial, parseBool } from './span-matcher.ts';

/** With more services than these, facts are not looked for service by service. */
const SERVICES_MAX = 64;

/** Facts of which a trace must have at least one. */
type AnyOf = readonly number[];

/**
 * Says of a trace, by its row in the table alone, whether it may match. "No" is always true; "yes"
 * nearly always, but its spans have the last word.
 */
export class TraceFilter {
  readonly #table: TraceTable;
  readonly #query: TraceQuery;
  readonly #required: readonly AnyOf[];
  readonly #wantsError: boolean | undefined;

  constructor(store: TraceStore, query: TraceQuery) {
    this.#table = store.table;
    this.#query = query;
    this.#required = requiredFacts([...store.resources.values()], query);
    const error = query.tags.find(([key]) => key === 'error');
    this.#wantsError = error && parseBool(error[1]);
  }

  mayMatch(slot: number): boolean {
    const { blooms } = this.#table;
    return (
      this.#numbersMatch(slot) &&
      this.#required.every((anyOf) => anyOf.some((fact) => blooms.mayHave(slot, fact)))
    );
  }

  /** Whether the row alone is enough to be sure that the trace matches. */
  isCertain(slot: number): boolean {
    const { services, operation, version, tags, startMinUs, durationMinUs, durationMaxUs } =
      this.#query;
    return (
      services.length + tags.length === 0 &&
      operation + version === '' &&
      durationMinUs === 0 &&
      durationMaxUs === Infinity &&
      (this.#table.startUs[slot] ?? 0) >= startMinUs
    );
  }

  #numbersMatch(slot: number): boolean {
    const { spansMin, spansMax } = this.#query;
    const count = this.#table.spans[slot] ?? 0;
    const failed = this.#table.errors[slot] ?? 0;
    return (
      count >= spansMin &&
      count <= spansMax &&
      (this.#wantsError !== true || failed > 0) &&
      (this.#wantsError !== false || failed < count) &&
      this.#timesMatch(slot)
    );
  }

  #timesMatch(slot: number): boolean {
    const { startMinUs, startMaxUs, durationMinUs, durationMaxUs } = this.#query;
    const { startUs, endUs, longestUs, shortestUs } = this.#table;
    return (
      (startUs[slot] ?? 0) <= startMaxUs &&
      (endUs[slot] ?? 0) >= startMinUs &&
      (longestUs[slot] ?? 0) >= durationMinUs &&
      (shortestUs[slot] ?? 0) <= durationMaxUs
    );
  }
}

function requiredFacts(resources: readonly Resource[], query: TraceQuery): AnyOf[] {
  const { services, operation, version, tags } = query;
  const known = services.length > 0 ? services : resources.map(({ service }) => service);
  const hashes = [...new Set(known)].map((service) => hashText(service));
  const isFew = hashes.length <= SERVICES_MAX;
  const required: AnyOf[] = [];
  if (services.length > 0) required.push(hashes);
  if (operation !== '' && isFew) {
    const name = hashText(operation);
    required.push(hashes.map((service) => operationFact(service, name)));
  }
  if (version !== '') required.push(factsOf(resources.filter((it) => it.version === version)));
  for (const [key, value] of tags) {
    if (isSpecial(key)) continue;
    const name = key.startsWith('resource.') ? key.slice('resource.'.length) : key;
    const carriers = factsOf(resources.filter((it) => textOf(it.attributes, name) === value));
    if (name !== key) required.push(carriers);
    else if (isFew) required.push([...carriers, ...tagFacts(hashes, [key, value])]);
  }
  return required;
}

function factsOf(resources: readonly Resource[]): number[] {
  return resources.map(({ hash }) => resourceFact(hash));
}

/** The value itself, or a list or bytes, which only the spans can compare. */
function tagFacts(services: readonly number[], [key, value]: readonly [string, string]): number[] {
  const tag = hashTag(key, value);
  const anyValue = hashKey(key);
  return services.flatMap((service) => [tagFact(service, tag), tagFact(service, anyValue)]);
}
