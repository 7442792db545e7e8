import { edgeService, people, type Structure } from './structure.ts';

/**
 * The row of each node: callers above callees, as far down as the longest chain of calls to it. Who
 * only hears of others through streams stands with the last; streams and providers, then stores,
 * have the rows at the bottom to themselves.
 */
export function rankNodes(structure: Structure): Map<string, number> {
  const { nodes, edges } = structure;
  const kinds = new Map(nodes.map(({ name, kind }) => [name, kind]));
  const isService = (name: string) => kinds.get(name) === 'service';
  const calls = withoutCycles(
    edges.filter(({ kind, from, to }) => kind === 'http' && isService(from) && isService(to)),
  );
  const services = nodes.filter(({ kind }) => kind === 'service').map(({ name }) => name);
  const called = new Set(calls.map(({ to }) => to));
  const edge = edgeService(structure);
  const isSource = (name: string) => !called.has(name) && name !== edge;
  const ranks = new Map(services.map((name) => [name, 1]));
  lower(
    ranks,
    calls.filter(({ from }) => !isSource(from)),
  );
  const deepest = Math.max(1, ...ranks.values());
  for (const name of services) {
    if (isSource(name)) ranks.set(name, Math.max(1, deepest - 1));
  }
  lower(ranks, calls);
  return withFloor(ranks, nodes);
}

type Call = { readonly from: string; readonly to: string };

/** Puts each callee below all of its callers. */
function lower(ranks: Map<string, number>, calls: readonly Call[]): void {
  for (let round = 0; round < ranks.size; round++) {
    let isStable = true;
    for (const { from, to } of calls) {
      const below = (ranks.get(from) ?? 1) + 1;
      if ((ranks.get(to) ?? 1) >= below) continue;
      ranks.set(to, below);
      isStable = false;
    }
    if (isStable) return;
  }
}

function withFloor(
  services: ReadonlyMap<string, number>,
  nodes: Structure['nodes'],
): Map<string, number> {
  const ranks = new Map(services);
  const last = Math.max(0, ...services.values());
  const hasMiddle = nodes.some(({ kind, name }) => isMiddle(kind, name));
  for (const { name, kind } of nodes) {
    if (name === people.name) ranks.set(name, 1);
    else if (isMiddle(kind, name)) ranks.set(name, last + 1);
    else if (kind === 'store') ranks.set(name, last + (hasMiddle ? 2 : 1));
  }
  return ranks;
}

function isMiddle(kind: string, name: string): boolean {
  return name !== people.name && (kind === 'queue' || kind === 'provider');
}

/** Leaves out the calls that lead back to where they came from. */
function withoutCycles<C extends Call>(calls: readonly C[]): C[] {
  const kept: C[] = [];
  for (const call of calls) {
    if (!reaches(kept, call.to, call.from)) kept.push(call);
  }
  return kept;
}

function reaches(calls: readonly Call[], start: string, goal: string): boolean {
  const seen = new Set([start]);
  const pending = [start];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (at === goal) return true;
    for (const { from, to } of calls) {
      if (from !== at || seen.has(to)) continue;
      seen.add(to);
      pending.push(to);
    }
  }
  return false;
}
