import type { RecordView } from '../storage/block.ts';
import type { TraceRef, TraceStore } from '../storage/trace-store.ts';
import { SpanScan } from '../wire/span-scan.ts';

type ServiceCounts = { spans: number; errors: number };

/** A trace in a list. Times are nanoseconds since the epoch. */
export type TraceSummary = {
  readonly traceId: string;
  /** Of the earliest span without a parent; '' when there is none. */
  readonly rootService: string;
  readonly rootOperation: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly spans: number;
  readonly errors: number;
  /** Spans whose parent is not in the trace. */
  readonly orphans: number;
  readonly services: readonly (readonly [name: string, counts: ServiceCounts])[];
};

/** Sums up a trace without decoding its spans; undefined when it is not there any more. */
export function summarise(store: TraceStore, ref: TraceRef): TraceSummary | undefined {
  if (!store.isThere(ref)) return undefined;
  const sum = new Sum();
  store.visit(ref, (record) => {
    sum.add(record);
    return true;
  });
  return sum.summary(store.table.hexOf(ref.slot));
}

class Sum {
  readonly #scan = new SpanScan();
  readonly #services = new Map<string, ServiceCounts>();
  /** Encoded spans by id, to tell those sent twice. */
  readonly #seen = new Map<string, Buffer[]>();
  readonly #parents: string[] = [];
  #root = { service: '', operation: '', startNs: -1n };
  #startNs = -1n;
  #endNs = 0n;
  #spans = 0;
  #errors = 0;

  add(record: RecordView): void {
    const { bytes, start, end, resource } = record;
    const scan = this.#scan;
    scan.scan(bytes, start, end);
    if (this.#isAgain(bytes.toString('latin1', scan.spanId, scan.spanId + 8), record)) return;
    const service = this.#services.get(resource.service) ?? { spans: 0, errors: 0 };
    this.#services.set(resource.service, service);
    service.spans += 1;
    this.#spans += 1;
    if (scan.isError) {
      service.errors += 1;
      this.#errors += 1;
    }
    const startNs = timeAt(bytes, scan.startTime);
    const endNs = timeAt(bytes, scan.endTime);
    if (this.#startNs < 0n || startNs < this.#startNs) this.#startNs = startNs;
    if (endNs > this.#endNs) this.#endNs = endNs;
    if (scan.parentSpanId >= 0) {
      this.#parents.push(bytes.toString('latin1', scan.parentSpanId, scan.parentSpanId + 8));
    } else if (this.#root.startNs < 0n || startNs < this.#root.startNs) {
      this.#root = { service: resource.service, operation: scan.name, startNs };
    }
  }

  summary(traceId: string): TraceSummary {
    return {
      traceId,
      rootService: this.#root.service,
      rootOperation: this.#root.operation,
      startNs: this.#startNs < 0n ? 0n : this.#startNs,
      endNs: this.#endNs,
      spans: this.#spans,
      errors: this.#errors,
      orphans: this.#parents.filter((id) => !this.#seen.has(id)).length,
      services: [...this.#services].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    };
  }

  #isAgain(id: string, { bytes, start, end }: RecordView): boolean {
    const encoded = bytes.subarray(start, end);
    const same = this.#seen.get(id);
    if (!same) this.#seen.set(id, [encoded]);
    else if (same.some((other) => other.equals(encoded))) return true;
    else if (same.length < SAME_ID_MAX) same.push(encoded);
    return false;
  }
}

/** More spans of one id are not compared with each other. */
const SAME_ID_MAX = 16;

function timeAt(bytes: Buffer, at: number): bigint {
  return at < 0 ? 0n : bytes.readBigUInt64LE(at);
}
