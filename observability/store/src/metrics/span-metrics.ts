import type { Resource } from '../storage/interner.ts';
import type { SpanScan } from '../wire/span-scan.ts';
import { Series } from './series.ts';

/** Beyond these the rest is counted together, under this name. */
const SERIES_MAX = 1_000;
const OVERFLOW = 'other';
/** Of the names of service, version and operation together: longer ones hold data. */
const NAMES_MAX = 1_024;
/** Sidecars call their spans by the path, ids and all: together they are one operation. */
const PATHS = '/*';

/** By `Span.SpanKind`. */
export const KIND_NAMES = [
  'unspecified',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
] as const;

/**
 * Calls, errors and durations of each operation, from all spans that come in: RED without any
 * sampling. Counts are by time of arrival, so that a sender's wrong clock does no harm.
 */
export class SpanMetrics {
  readonly #series = new Map<string, Series>();
  /** For each resource, by kind and name: the way of most spans, without making keys. */
  readonly #near = new WeakMap<Resource, Map<string, Series>[]>();

  /** All series, in the order in which they began. */
  series(): Iterable<Series> {
    return this.#series.values();
  }

  /** The series that the span which `scan` stands at belongs to. */
  of(resource: Resource, scan: SpanScan): Series {
    let kinds = this.#near.get(resource);
    if (!kinds) {
      kinds = KIND_NAMES.map(() => new Map());
      this.#near.set(resource, kinds);
    }
    const name = scan.name.startsWith('/') ? PATHS : scan.name;
    const names = kinds[scan.kind];
    const known = names?.get(name);
    if (known) return known;
    const series = this.#create(resource, name, scan.kind);
    if (series.operation === name) names?.set(name, series);
    return series;
  }

  #create({ service, version = '' }: Resource, name: string, kind: number): Series {
    const key = (operation: string) => `${kind}\0${service}\0${version}\0${operation}`;
    const known = this.#series.get(key(name));
    if (known) return known;
    const length = service.length + version.length + name.length;
    const isFull = this.#series.size >= SERIES_MAX || length > NAMES_MAX;
    const id = isFull
      ? { service: OVERFLOW, version: '', operation: OVERFLOW, kind: 0 }
      : { service, version, operation: name, kind };
    const at = isFull ? OVERFLOW : key(name);
    const series = this.#series.get(at) ?? new Series(id);
    this.#series.set(at, series);
    return series;
  }
}
