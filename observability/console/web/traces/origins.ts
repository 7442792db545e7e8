import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { loadTrace } from './load-trace.ts';
import { reasonOf } from './model/failing.ts';
import { showTrace } from './model/shown-trace.ts';
import { titleOf, type Trace } from './model/span.ts';
import type { Summary } from './model/summary.ts';

/** Where a trace's error began. */
export type TraceOrigin = {
  readonly service: string;
  readonly span: string;
  /** Such as `GET → stock/items (503)`. */
  readonly what: string;
};

/** So many of the results are looked into; a search for an origin is of these. */
const LOOKED_AT_MAX = 60;
const AT_ONCE = 4;
const KEPT_MAX = 600;

const known = signal<ReadonlyMap<string, TraceOrigin>>(new Map());

/** Looks into the traces that failed for where it began; more of them come while it looks. */
export function useOrigins(found: readonly Summary[]): ReadonlyMap<string, TraceOrigin> {
  useEffect(() => {
    const gone = new AbortController();
    const failed = found.filter(({ errors }) => errors > 0).slice(0, LOOKED_AT_MAX);
    const waiting = failed.map(({ id }) => id).filter((id) => !known.value.has(id));
    const work = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        if (gone.signal.aborted) return;
        // A trace that cannot be had says nothing of where it failed.
        const trace = await loadTrace(id, gone.signal).catch(() => undefined);
        const origin = trace && originOf(trace);
        if (origin) remember(id, origin);
      }
    };
    for (let at = 0; at < AT_ONCE; at++) void work();
    return () => gone.abort();
  }, [found]);
  return known.value;
}

function remember(id: string, origin: TraceOrigin): void {
  known.value = new Map([...known.value, [id, origin] as const].slice(-KEPT_MAX));
}

function originOf(trace: Trace): TraceOrigin | undefined {
  const [node] = showTrace(trace, { sidecars: 'folded' }).failing;
  if (node === undefined) return undefined;
  const reason = reasonOf(node);
  const what = titleOf(node.span);
  return {
    service: node.span.process.service,
    span: node.span.id,
    what: reason === '' ? what : `${what} (${reason})`,
  };
}
