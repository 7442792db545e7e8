import { STATUS } from '../wire/span-scan.ts';
import { type AnyValue, type Attribute, valueText } from '../wire/values.ts';
import type { ShownSpan } from './stored-trace.ts';

/** A tag of Jaeger's first model. */
export type KeyValue = {
  readonly key: string;
  readonly type: 'string' | 'bool' | 'int64' | 'float64' | 'binary';
  readonly value: string | boolean | number;
};

const KIND_TAGS = [undefined, 'internal', 'server', 'client', 'producer', 'consumer'];

/**
 * The tags of the spans of one trace as JSON. What spans share is written once: most of a large trace's
 * attributes are those of other spans of it, too.
 */
export class TagTexts {
  readonly #texts = new Map<unknown, string>();

  /** The span's tags with commas between them; ahead of its attributes who told them, after them how it went. */
  of(span: ShownSpan): string {
    const { scope, attributes } = span;
    const texts = [this.#once(scope, () => scopeTags(span))];
    for (const one of attributes) texts.push(this.#once(one, () => [keyValue(one)]));
    texts.push(textOf(outcomeTags(span)));
    return texts.filter((text) => text !== '').join(',');
  }

  #once(what: unknown, tags: () => readonly KeyValue[]): string {
    let text = this.#texts.get(what);
    if (text === undefined) {
      text = textOf(tags());
      this.#texts.set(what, text);
    }
    return text;
  }
}

function textOf(tags: readonly KeyValue[]): string {
  return JSON.stringify(tags).slice(1, -1);
}

function scopeTags({ scope }: ShownSpan): KeyValue[] {
  return [
    ...textTag('otel.scope.name', scope.name),
    ...textTag('otel.scope.version', scope.version),
  ];
}

function outcomeTags({ kind, statusCode, statusMessage, traceState }: ShownSpan): KeyValue[] {
  const isError = statusCode === STATUS.error;
  return [
    ...textTag('span.kind', KIND_TAGS[kind] ?? ''),
    ...textTag('otel.status_code', statusCode === STATUS.ok ? 'OK' : isError ? 'ERROR' : ''),
    ...(isError ? [{ key: 'error', type: 'bool', value: true } as const] : []),
    ...textTag('otel.status_description', statusMessage),
    ...textTag('w3c.tracestate', traceState),
  ];
}

/** A string as a tag; none where it is empty. */
export function textTag(key: string, value: string): KeyValue[] {
  return value === '' ? [] : [{ key, type: 'string', value }];
}

/** An attribute as a tag. */
export function keyValue({ key, value }: Attribute): KeyValue {
  return { key, ...typed(value) };
}

function typed(value: AnyValue): Omit<KeyValue, 'key'> {
  switch (value.type) {
    case 'bool':
      return { type: 'bool', value: value.value };
    case 'int':
      return { type: 'int64', value: value.value };
    case 'double':
      return { type: 'float64', value: finite(value.value) };
    case 'bytes':
      return { type: 'binary', value: valueText(value) };
    default:
      return { type: 'string', value: valueText(value) };
  }
}

/** JSON has no NaN and no infinity. */
function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
