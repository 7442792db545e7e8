import { Cursor, WIRE, WireError } from '../wire/cursor.ts';
import type { Encoded } from '../storage/interner.ts';

/** What is done with the parts of a request. Each may throw a WireError to refuse just that part. */
export type RequestVisitor = {
  /** The resource and scope of the spans that follow. */
  group(resource: Encoded, scope: Encoded): void;
  span(bytes: Buffer, start: number, end: number): void;
  /** A part could not be read; `spans` is how many are lost, at least. */
  refused(reason: WireError, spans: number): void;
};

const FIELD = { resource: 1, scopes: 2, schemaUrl: 3 } as const;

/**
 * Walks an encoded `ExportTraceServiceRequest`. What is broken inside its own length costs only
 * itself.
 * @throws WireError when the request itself is broken; the spans before that have been visited.
 */
export function walkRequest(body: Buffer, visitor: RequestVisitor): void {
  const cursor = new Cursor(body);
  while (!cursor.atEnd) {
    const tag = cursor.varint();
    if (tag !== (1 << 3) + WIRE.bytes) {
      cursor.skip(tag % 8);
      continue;
    }
    const start = cursor.block();
    guarded(visitor, () => walkResource(body, { start, end: cursor.pos }, visitor));
  }
}

type Range = { start: number; end: number };

function walkResource(body: Buffer, range: Range, visitor: RequestVisitor): void {
  const { first: resource, schemaUrl, parts } = fieldsOf(body, range);
  const encoded = { bytes: body, ...resource, schemaUrl };
  for (const part of parts) guarded(visitor, () => walkScope(body, part, { encoded, visitor }));
}

function walkScope(
  body: Buffer,
  range: Range,
  { encoded, visitor }: { encoded: Encoded; visitor: RequestVisitor },
): void {
  const { first: scope, schemaUrl, parts: spans } = fieldsOf(body, range);
  if (spans.length === 0) return;
  try {
    visitor.group(encoded, { bytes: body, ...scope, schemaUrl });
  } catch (error) {
    visitor.refused(asWireError(error), spans.length);
    return;
  }
  for (const { start, end } of spans) {
    guarded(visitor, () => visitor.span(body, start, end));
  }
}

/**
 * `ResourceSpans` and `ScopeSpans` are alike: 1 whose they are, 2 the parts, 3 a schema. Fields may
 * come in any order.
 */
function fieldsOf(body: Buffer, { start, end }: Range) {
  const parts: Range[] = [];
  let first: Range = { start, end: start };
  let schemaUrl = '';
  const cursor = new Cursor(body, start, end);
  while (!cursor.atEnd) {
    const tag = cursor.varint();
    if (tag % 8 !== WIRE.bytes) {
      cursor.skip(tag % 8);
      continue;
    }
    const from = cursor.block();
    const field = Math.floor(tag / 8);
    if (field === FIELD.resource) first = { start: from, end: cursor.pos };
    else if (field === FIELD.scopes) parts.push({ start: from, end: cursor.pos });
    else if (field === FIELD.schemaUrl) schemaUrl = body.toString('utf8', from, cursor.pos);
  }
  return { first, schemaUrl, parts };
}

function guarded(visitor: RequestVisitor, read: () => void): void {
  try {
    read();
  } catch (error) {
    visitor.refused(asWireError(error), 1);
  }
}

/** Anything else is a fault of ours, not of the sender. */
function asWireError(error: unknown): WireError {
  if (error instanceof WireError) return error;
  throw error;
}
