import { DEPTH_MAX } from '../wire/values.ts';
import { Writer } from '../wire/writer.ts';
import {
  doubleOf,
  enumOf,
  hexOf,
  integerOf,
  JsonError,
  type JsonObject,
  listOf,
  objectOf,
  textOf,
} from './json-fields.ts';

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (name) => `SPAN_KIND_${name}`,
);
const STATUS_CODES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];

/** A request encoded, and the spans that could not be. */
export type EncodedRequest = { readonly body: Buffer; readonly refused: readonly string[] };

/**
 * OTLP/JSON as protobuf, so that there is one way in. Unknown fields are skipped, as the
 * specification asks. A span that does not fit is left out.
 * @throws JsonError when the text is no JSON or not of OTLP's shape above its spans.
 */
export function encodeJsonRequest(text: string): EncodedRequest {
  const request = objectOf(parse(text), 'the request');
  const writer = new Writer();
  const refused: string[] = [];
  for (const item of listOf(request['resourceSpans'], 'resourceSpans')) {
    const { resource, scopeSpans, schemaUrl } = objectOf(item, 'resourceSpans');
    writer.message(1, () => {
      writer.message(1, () => {
        writeAttributes(writer, objectOf(resource, 'resource')['attributes'], { field: 1 });
      });
      for (const one of listOf(scopeSpans, 'scopeSpans')) {
        writer.message(2, () => writeScope(writer, objectOf(one, 'scopeSpans'), refused));
      }
      writer.text(3, textOf(schemaUrl, 'schemaUrl'));
    });
  }
  return { body: writer.finish(), refused };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // What V8 says quotes the text, which may be long and is not ours to repeat.
    throw new JsonError('the body is no JSON', { cause: error });
  }
}

function writeScope(writer: Writer, fields: JsonObject, refused: string[]): void {
  const scope = objectOf(fields['scope'], 'scope');
  writer.message(1, () => {
    writer.text(1, textOf(scope['name'], 'scope.name'));
    writer.text(2, textOf(scope['version'], 'scope.version'));
    writeAttributes(writer, scope['attributes'], { field: 3 });
  });
  for (const span of listOf(fields['spans'], 'spans')) {
    const { mark } = writer;
    try {
      writer.message(2, () => writeSpan(writer, objectOf(span, 'span')));
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      writer.rewind(mark);
      refused.push(error.message);
    }
  }
  writer.text(3, textOf(fields['schemaUrl'], 'schemaUrl'));
}

function writeSpan(writer: Writer, span: JsonObject): void {
  writer.bytes(1, hexOf(span['traceId'], 'traceId'));
  writer.bytes(2, hexOf(span['spanId'], 'spanId'));
  writer.text(3, textOf(span['traceState'], 'traceState'));
  const parent = hexOf(span['parentSpanId'], 'parentSpanId');
  if (parent.length > 0) writer.bytes(4, parent);
  writer.text(5, textOf(span['name'], 'name'));
  writer.integer(6, BigInt(enumOf(span['kind'], KINDS, 'kind')));
  writer.fixed64(7, integerOf(span['startTimeUnixNano'], 'startTimeUnixNano'));
  writer.fixed64(8, integerOf(span['endTimeUnixNano'], 'endTimeUnixNano'));
  writeAttributes(writer, span['attributes'], { field: 9 });
  writeCount(writer, 10, span['droppedAttributesCount']);
  for (const event of listOf(span['events'], 'events')) {
    writer.message(11, () => writeEvent(writer, objectOf(event, 'event')));
  }
  writeCount(writer, 12, span['droppedEventsCount']);
  for (const link of listOf(span['links'], 'links')) {
    writer.message(13, () => writeLink(writer, objectOf(link, 'link')));
  }
  writeCount(writer, 14, span['droppedLinksCount']);
  const status = objectOf(span['status'], 'status');
  writer.message(15, () => {
    writer.text(2, textOf(status['message'], 'status.message'));
    writer.integer(3, BigInt(enumOf(status['code'], STATUS_CODES, 'status.code')));
  });
  writeFlags(writer, 16, span['flags']);
}

function writeEvent(writer: Writer, event: JsonObject): void {
  writer.fixed64(1, integerOf(event['timeUnixNano'], 'event.timeUnixNano'));
  writer.text(2, textOf(event['name'], 'event.name'));
  writeAttributes(writer, event['attributes'], { field: 3 });
  writeCount(writer, 4, event['droppedAttributesCount']);
}

function writeLink(writer: Writer, link: JsonObject): void {
  writer.bytes(1, hexOf(link['traceId'], 'link.traceId'));
  writer.bytes(2, hexOf(link['spanId'], 'link.spanId'));
  writer.text(3, textOf(link['traceState'], 'link.traceState'));
  writeAttributes(writer, link['attributes'], { field: 4 });
  writeCount(writer, 5, link['droppedAttributesCount']);
  writeFlags(writer, 6, link['flags']);
}

function writeCount(writer: Writer, field: number, value: unknown): void {
  const count = integerOf(value, 'a count of what was dropped');
  if (count > 0n) writer.integer(field, count);
}

function writeFlags(writer: Writer, field: number, value: unknown): void {
  const flags = Number(integerOf(value, 'flags'));
  if (flags > 0) writer.fixed32(field, flags);
}

function writeAttributes(
  writer: Writer,
  list: unknown,
  { field, depth = 0 }: { field: number; depth?: number },
): void {
  if (depth > DEPTH_MAX) throw new JsonError(`attributes are nested deeper than ${DEPTH_MAX}`);
  for (const item of listOf(list, 'attributes')) {
    const { key, value } = objectOf(item, 'attribute');
    writer.message(field, () => {
      writer.text(1, textOf(key, 'attribute.key'));
      writer.message(2, () => writeValue(writer, objectOf(value, 'attribute.value'), depth));
    });
  }
}

/** The first field that a value has; the others of the oneof are not looked at. */
function writeValue(writer: Writer, value: JsonObject, depth: number): void {
  const isOurs = (field: string) => value[field] !== null && Object.hasOwn(writeOne, field);
  const name = Object.keys(value).find(isOurs);
  if (name !== undefined) writeOne[name]?.(writer, value[name], depth);
}

const writeOne: Readonly<Record<string, (writer: Writer, value: unknown, depth: number) => void>> =
  {
    stringValue: (writer, value) => writer.bytes(1, Buffer.from(textOf(value, 'stringValue'))),
    boolValue: (writer, value) => writer.integer(2, value === true ? 1n : 0n),
    intValue: (writer, value) => writer.integer(3, integerOf(value, 'intValue')),
    doubleValue: (writer, value) => writer.double(4, doubleOf(value, 'doubleValue')),
    arrayValue: (writer, value, depth) => {
      if (depth >= DEPTH_MAX) throw new JsonError(`a value is nested deeper than ${DEPTH_MAX}`);
      writer.message(5, () => {
        for (const item of listOf(objectOf(value, 'arrayValue')['values'], 'arrayValue.values')) {
          writer.message(1, () => writeValue(writer, objectOf(item, 'arrayValue'), depth + 1));
        }
      });
    },
    kvlistValue: (writer, value, depth) => {
      writer.message(6, () => {
        writeAttributes(writer, objectOf(value, 'kvlistValue')['values'], {
          field: 1,
          depth: depth + 1,
        });
      });
    },
    bytesValue: (writer, value) => {
      writer.bytes(7, Buffer.from(textOf(value, 'bytesValue'), 'base64'));
    },
  };
