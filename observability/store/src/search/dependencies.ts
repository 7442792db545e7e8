import type { TraceRef } from '../storage/trace-store.ts';
import { SpanScan } from '../wire/span-scan.ts';
import { type SearchDeps, Turns } from './search.ts';

/** So many spans of one service are children of spans of another, or of its own. */
export type Dependency = {
  readonly parent: string;
  readonly child: string;
  readonly callCount: number;
};

/** The calls in all traces that lie wholly between the two times (microseconds, both excluded). */
export async function findDependencies(
  deps: SearchDeps,
  window: { afterUs: number; beforeUs: number },
): Promise<Dependency[]> {
  const { store } = deps;
  const { table } = store;
  const turns = new Turns(deps.clock);
  const calls = new Map<string, Map<string, number>>();
  for (let slot = 0; slot < table.slots; slot++) {
    if (!table.isUsed(slot)) continue;
    const startUs = table.startUs[slot] ?? 0;
    const endUs = table.endUs[slot] ?? 0;
    if (startUs <= window.afterUs || endUs >= window.beforeUs) continue;
    count(deps, store.refOf(slot), calls);
    if (turns.isOver) await turns.next();
  }
  return [...calls].flatMap(([parent, children]) =>
    [...children].map(([child, callCount]) => ({ parent, child, callCount })),
  );
}

function count(
  { store }: SearchDeps,
  ref: TraceRef,
  calls: Map<string, Map<string, number>>,
): void {
  const scan = new SpanScan();
  const services = new Map<string, string>();
  const children: { parentId: string; service: string }[] = [];
  store.visit(ref, ({ bytes, start, end, resource: { service } }) => {
    scan.scan(bytes, start, end);
    services.set(bytes.toString('latin1', scan.spanId, scan.spanId + 8), service);
    if (scan.parentSpanId < 0) return true;
    const parentId = bytes.toString('latin1', scan.parentSpanId, scan.parentSpanId + 8);
    children.push({ parentId, service });
    return true;
  });
  for (const { parentId, service } of children) {
    const parent = services.get(parentId);
    if (parent === undefined) continue;
    const row = calls.get(parent) ?? new Map<string, number>();
    calls.set(parent, row);
    row.set(service, (row.get(service) ?? 0) + 1);
  }
}
