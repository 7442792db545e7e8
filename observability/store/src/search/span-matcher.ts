import type { RecordView } from '../storage/block.ts';
import { SpanScan, STATUS } from '../wire/span-scan.ts';
import { readSpan } from '../wire/span.ts';
import { type Attribute, readAttribute, valueText } from '../wire/values.ts';
import { textOf } from '../storage/interner.ts';
import type { TraceQuery } from './query.ts';

type Tag = readonly [key: string, value: string];
type Special = (scan: SpanScan, record: RecordView, value: string) => boolean;

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES: Readonly<Record<string, number>> = { OK: STATUS.ok, ERROR: STATUS.error };

/** Keys that ask for something else than an attribute of that name. */
const SPECIAL: Readonly<Record<string, Special>> = {
  error: (scan, _, value) => parseBool(value) === scan.isError,
  'span.kind': (scan, _, value) => scan.kind === Math.max(0, KINDS.indexOf(value.toLowerCase())),
  'span.status': (scan, _, value) => scan.statusCode === (STATUSES[value.toUpperCase()] ?? 0),
  'scope.name': (_, { scope }, value) => scope.name === value,
  'scope.version': (_, { scope }, value) => scope.version === value,
};

/** Whether a tag is about something else than an attribute that any span may have. */
export function isSpecial(key: string): boolean {
  return Object.hasOwn(SPECIAL, key);
}

/** Go's `strconv.ParseBool`; undefined for what it refuses. */
export function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  return undefined;
}

/** Judges single spans by a query. */
export class SpanMatcher {
  readonly #query: TraceQuery;
  readonly #services: ReadonlySet<string>;
  readonly #scan = new SpanScan();

  constructor(query: TraceQuery) {
    this.#query = query;
    this.#services = new Set(query.services);
  }

  matches(record: RecordView): boolean {
    const { version } = this.#query;
    const { resource } = record;
    if (this.#services.size > 0 && !this.#services.has(resource.service)) return false;
    if (version !== '' && resource.version !== version) return false;
    this.#scan.scan(record.bytes, record.start, record.end);
    return this.#timesMatch() && this.#tagsMatch(record);
  }

  #timesMatch(): boolean {
    const { operation, startMinUs, startMaxUs, durationMinUs, durationMaxUs } = this.#query;
    const { startUs, durationUs } = this.#scan;
    return (
      startUs >= startMinUs &&
      startUs <= startMaxUs &&
      durationUs >= durationMinUs &&
      durationUs <= durationMaxUs &&
      (operation === '' || operation === this.#scan.name)
    );
  }

  #tagsMatch(record: RecordView): boolean {
    return this.#query.tags.every((tag) => this.#tagMatches(tag, record));
  }

  #tagMatches([key, value]: Tag, record: RecordView): boolean {
    const special = isSpecial(key) ? SPECIAL[key] : undefined;
    if (special) return special(this.#scan, record, value);
    const { attributes } = record.resource;
    if (key.startsWith('resource.')) {
      return textOf(attributes, key.slice('resource.'.length)) === value;
    }
    return (
      this.#hasOwn([key, value]) ||
      textOf(attributes, key) === value ||
      textOf(record.scope.attributes, key) === value ||
      this.#hasNested([key, value])
    );
  }

  #hasOwn(tag: Tag): boolean {
    const { attributes: ranges, bytes } = this.#scan;
    for (let at = 0; at < ranges.length; at += 2) {
      if (isTag(readAttribute(bytes, ranges[at] ?? 0, ranges[at + 1] ?? 0), tag)) return true;
    }
    return false;
  }

  #hasNested(tag: Tag): boolean {
    if (this.#scan.events.length === 0 && this.#scan.links.length === 0) return false;
    const { events, links } = readSpan(this.#scan);
    return [...events, ...links].some((one) => one.attributes.some((it) => isTag(it, tag)));
  }
}

function isTag({ key, value }: Attribute, [wantedKey, wanted]: Tag): boolean {
  return key === wantedKey && valueText(value) === wanted;
}
