import { endOf, peerOf } from '@faultline/origin/reading';
import type { SpanRecord } from '@faultline/origin/model';
import type { RecordedLine } from '@faultline/origin/recording';

/** Clocks differ by so much. */
const SKEW_MS = 50;

/**
 * Hangs each span whose parent is nowhere below the call that it answers. The simulation's sidecars
 * put themselves in between, as real ones do, and tell nothing of themselves, which real ones do.
 */
export function withParents(lines: readonly RecordedLine[]): RecordedLine[] {
  const spans = lines.flatMap((line) => line.spans ?? []);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const calls = Map.groupBy(
    spans.filter(({ kind }) => kind === 'client'),
    (call) => `${call.traceId} ${peerOf(call)}`,
  );
  const hang = (span: SpanRecord): SpanRecord => {
    const { parentSpanId, traceId, service } = span;
    if (parentSpanId === undefined || ids.has(parentSpanId)) return span;
    const call = calls.get(`${traceId} ${service}`)?.findLast((one) => isWithin(span, one));
    return call ? { ...span, parentSpanId: call.spanId } : span;
  };
  return lines.map((line) => (line.spans ? { ...line, spans: line.spans.map(hang) } : line));
}

function isWithin(span: SpanRecord, call: SpanRecord): boolean {
  return span.startMs > call.startMs - SKEW_MS && span.startMs < endOf(call) + SKEW_MS;
}
