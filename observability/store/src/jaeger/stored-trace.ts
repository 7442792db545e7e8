import type { RecordView } from '../storage/block.ts';
import type { Resource, Scope } from '../storage/interner.ts';
import type { TraceRef, TraceStore } from '../storage/trace-store.ts';
import { SpanScan } from '../wire/span-scan.ts';
import { readSpan, type Span } from '../wire/span.ts';
import { type Attribute, AttributeMemo } from '../wire/values.ts';

/** A span as it is shown: decoded, with whose it is and what is odd about it. */
export type ShownSpan = Span & {
  readonly resource: Resource;
  /** The resource's attributes, which fixes may add to. */
  resourceAttributes: readonly Attribute[];
  readonly scope: Scope;
  readonly warnings: string[];
};

/** The spans of a trace by their start; none when the trace is not there any more. */
export function loadTrace(store: TraceStore, ref: TraceRef): ShownSpan[] {
  const scan = new SpanScan();
  const memo = new AttributeMemo();
  const spans: ShownSpan[] = [];
  store.visit(ref, (record) => {
    spans.push(decode(record, { scan, memo }));
    return true;
  });
  return spans.toSorted(byStart);
}

function decode(
  record: RecordView,
  { scan, memo }: { scan: SpanScan; memo: AttributeMemo },
): ShownSpan {
  const { resource, scope } = record;
  scan.scan(record.bytes, record.start, record.end);
  const { attributes } = resource;
  return { ...readSpan(scan, memo), resource, resourceAttributes: attributes, scope, warnings: [] };
}

function byStart(a: Span, b: Span): number {
  if (a.startNs === b.startNs) return 0;
  return a.startNs < b.startNs ? -1 : 1;
}
