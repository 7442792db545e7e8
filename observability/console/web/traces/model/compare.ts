import { type FlameFrame, flameGraph } from './flame.ts';
import type { Tree } from './tree.ts';

/** What came by one way in one trace: how often, how long on average, how often it failed. */
export type Side = {
  readonly count: number;
  readonly averageUs: number;
  readonly selfUs: number;
  readonly errors: number;
};

export type Change = 'same' | 'added' | 'removed' | 'more' | 'fewer';

/** One way through the services, in two traces. */
export type ComparedRow = {
  readonly index: number;
  readonly service: string;
  readonly operation: string;
  readonly depth: number;
  readonly change: Change;
  readonly before: Side | undefined;
  readonly after: Side | undefined;
  /** By how much it took longer on average; 0 when it is in one trace only. */
  readonly slowerUs: number;
  /** By how much its own time grew, what came or went included. */
  readonly selfGrownUs: number;
};

type Pair = { readonly before: FlameFrame | undefined; readonly after: FlameFrame | undefined };

/**
 * Two traces side by side: spans are the same when the services and operations from the top down to
 * them are. In the order of the second trace; what is in the first only follows its siblings.
 */
export function compareTraces(before: Tree, after: Tree): ComparedRow[] {
  const rows: ComparedRow[] = [];
  const waiting = pairs(topsOf(before), topsOf(after)).toReversed();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    rows.push(rowOf(next, rows.length));
    const below = pairs(next.before?.children ?? [], next.after?.children ?? []);
    waiting.push(...below.toReversed());
  }
  return rows;
}

function topsOf(tree: Tree): FlameFrame[] {
  return flameGraph(tree).filter(({ parent }) => parent === undefined);
}

function pairs(before: readonly FlameFrame[], after: readonly FlameFrame[]): Pair[] {
  const old = new Map(before.map((frame) => [frame.name, frame]));
  const stays = new Set(after.map(({ name }) => name));
  const gone = before.filter(({ name }) => !stays.has(name));
  return [
    ...inOrder(after).map((frame) => ({ before: old.get(frame.name), after: frame })),
    ...inOrder(gone).map((frame) => ({ before: frame, after: undefined })),
  ];
}

function inOrder(frames: readonly FlameFrame[]): FlameFrame[] {
  return frames.toSorted((a, b) => a.index - b.index);
}

function rowOf({ before, after }: Pair, index: number): ComparedRow {
  const [a, b] = [before && sideOf(before), after && sideOf(after)];
  const { service = '', operation = '', depth = 0 } = after ?? before ?? {};
  return {
    index,
    service,
    operation,
    depth,
    change: changeOf(a?.count ?? 0, b?.count ?? 0),
    before: a,
    after: b,
    slowerUs: a && b ? b.averageUs - a.averageUs : 0,
    selfGrownUs: (b?.selfUs ?? 0) - (a?.selfUs ?? 0),
  };
}

function sideOf({ nodes, selfUs, errors }: FlameFrame): Side {
  const total = nodes.reduce((sum, { span }) => sum + span.durationUs, 0);
  return { count: nodes.length, averageUs: total / nodes.length, selfUs, errors };
}

function changeOf(before: number, after: number): Change {
  if (before === after) return 'same';
  if (before === 0) return 'added';
  if (after === 0) return 'removed';
  return after > before ? 'more' : 'fewer';
}
