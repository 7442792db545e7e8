import type { Journal } from './journal/journal.ts';
import type { Gauge } from './metrics/exposition.ts';
import type { Ingest } from './otlp/ingest.ts';
import type { Receiver } from './otlp/receiver.ts';
import { GENERATIONS } from './storage/block-log.ts';
import type { TraceStore } from './storage/trace-store.ts';

/** What the store says of itself. */
export function ownMetrics(parts: {
  store: TraceStore;
  ingest: Ingest;
  receiver: Receiver;
  journal: Journal | undefined;
  maxBytes: number;
}): Gauge[] {
  const { store, ingest, receiver, journal, maxBytes } = parts;
  return [
    counter('faultline_store_spans_total', 'Spans received, by what became of them.', {
      '{result="accepted"}': ingest.counts.accepted,
      '{result="rejected"}': ingest.counts.rejected,
      '{result="late"}': store.counts.lateSpans,
    }),
    counter('faultline_store_requests_shed_total', 'OTLP requests turned away, by why.', {
      '{reason="busy"}': receiver.shed.busy,
      '{reason="memory"}': receiver.shed.memory,
      '{reason="draining"}': receiver.shed.draining,
    }),
    counter('faultline_store_evicted_total', 'What had to make room.', {
      '{what="traces"}': store.counts.evictedTraces,
      '{what="spans"}': store.counts.evictedSpans,
    }),
    gauge('faultline_store_traces', 'Traces held.', { '': store.table.count }),
    gauge('faultline_store_blocks', 'Blocks held.', { '': store.blocks }),
    gauge('faultline_store_bytes', 'Memory used of the budget.', { '': store.bytes }),
    gauge('faultline_store_max_bytes', 'The budget.', { '': maxBytes }),
    gauge(
      'faultline_store_block_bytes',
      'Memory used by blocks.',
      Object.fromEntries(GENERATIONS.map((it) => [`{generation="${it}"}`, store.bytesOf(it)])),
    ),
    counter('faultline_store_journal_bytes_total', 'Bytes written to disk.', {
      '': journal?.counts.writtenBytes ?? 0,
    }),
    counter('faultline_store_journal_lost_blocks_total', 'Blocks that were not written to disk.', {
      '': journal?.counts.lostBlocks ?? 0,
    }),
    ...processMetrics(),
  ];
}

function processMetrics(): Gauge[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return [
    counter('process_cpu_seconds_total', 'CPU time used.', { '': (user + system) / 1e6 }),
    gauge('process_resident_memory_bytes', 'Resident memory.', { '': rss }),
    gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', { '': heapUsed }),
    gauge('nodejs_external_memory_bytes', 'Memory outside that heap.', { '': external }),
  ];
}

function counter(name: string, help: string, values: Gauge['values']): Gauge {
  return { name, help, type: 'counter', values };
}

function gauge(name: string, help: string, values: Gauge['values']): Gauge {
  return { name, help, type: 'gauge', values };
}
