import type { EdgeBook } from './edges.ts';
import type { Incident, Topology, TopologyEdge, TopologyNode } from './model.ts';
import type { QueueBook } from './queues.ts';
import type { Family, Row, Rows } from './rows.ts';
import type { Vitals } from './vitals.ts';

const WINDOW_MS = 5_000;

type Seen = {
  readonly rows: Rows;
  readonly edges: EdgeBook;
  readonly vitals: Vitals;
  readonly queues: QueueBook;
  readonly incidents: readonly Incident[];
  readonly nowMs: number;
};

/** Who there is, who calls whom, and how that goes in these seconds. */
export function topologyOf(seen: Seen): Topology {
  const edges = edgesOf(seen);
  return { atMs: seen.nowMs, nodes: nodesOf(seen, edges), edges };
}

function nodesOf(seen: Seen, edges: readonly TopologyEdge[]): TopologyNode[] {
  const kinds = new Map<string, TopologyNode['kind']>();
  for (const { kind, name } of seen.rows.components()) {
    // What was taken for a provider before it first told of itself is a service.
    if (kind !== 'queue' && kinds.get(name) !== 'service') kinds.set(name, kind);
  }
  for (const { from } of edges) kinds.set(from, 'service');
  for (const { queue } of seen.queues.all()) kinds.set(queue, 'queue');
  return [...kinds].map(([name, kind]) => {
    const vitals = seen.vitals.of(name).filter(({ stopping }) => !stopping);
    const { perSecond, errorShare } = rateOf(seen, name);
    return {
      name,
      kind,
      versions: [...new Set(vitals.flatMap(({ version }) => version ?? []))],
      instances: vitals.map(({ instance }) => instance),
      state: stateOf(name, { incidents: seen.incidents, perSecond }),
      requestsPerSecond: perSecond,
      errorShare,
    };
  });
}

function stateOf(
  name: string,
  { incidents, perSecond }: { incidents: readonly Incident[]; perSecond: number },
): TopologyNode['state'] {
  const open = incidents.filter(({ state }) => state === 'open');
  if (open.some(({ origin }) => origin.service === name)) return 'origin';
  if (open.some(({ victims }) => victims.some(({ service }) => service === name))) return 'victim';
  if (open.some(({ absorbed }) => absorbed.some(({ service }) => service === name)))
    return 'masked';
  return perSecond > 0 ? 'healthy' : 'unknown';
}

/** Into a component, as the view that tells most of it has it. */
function rateOf({ rows, nowMs }: Seen, name: string): { perSecond: number; errorShare: number } {
  const into = rows.components().filter((component) => component.name === name);
  const all = into.flatMap((component) => rows.into(component));
  return rateOfRows(all, ['inbound', 'serves', 'route', 'calls', 'tcp'], nowMs);
}

function rateOfRows(
  rows: readonly Row[],
  families: readonly Family[],
  nowMs: number,
): { perSecond: number; errorShare: number } {
  for (const family of families) {
    let bad = 0;
    let total = 0;
    for (const row of rows) {
      if (row.family !== family) continue;
      const sum = row.hard.sum(nowMs - WINDOW_MS, nowMs);
      bad += sum.bad;
      total += Math.max(sum.total, sum.bad);
    }
    if (total > 0) return { perSecond: total / (WINDOW_MS / 1_000), errorShare: bad / total };
  }
  return { perSecond: 0, errorShare: 0 };
}

function edgesOf({ rows, edges, nowMs }: Seen): TopologyEdge[] {
  const pairs = new Map<string, { from: string; to: string; rows: Row[] }>();
  for (const component of rows.components()) {
    for (const row of rows.into(component)) {
      if (row.caller === undefined || row.caller === 'client') continue;
      const key = `${row.caller} ${component.name}`;
      const pair = pairs.get(key) ?? { from: row.caller, to: component.name, rows: [] };
      pair.rows.push(row);
      pairs.set(key, pair);
    }
  }
  return [...pairs.values()].map(({ from, to, rows: between }) => {
    const { perSecond, errorShare } = rateOfRows(between, ['route', 'calls', 'tcp'], nowMs);
    const attempts = edges.attempts.get(`${from} ${to}`);
    const latency = edges.latencyOf(from, to);
    const open = [...(attempts?.open.values() ?? [])].filter(
      ({ atMs }) => nowMs - atMs < WINDOW_MS,
    );
    return {
      from,
      to,
      requestsPerSecond: perSecond,
      errorShare,
      ...latency,
      retriesPerSecond: (attempts?.retries.sum(nowMs - WINDOW_MS).bad ?? 0) / (WINDOW_MS / 1_000),
      openBreakers: open.reduce((most, { count }) => Math.max(most, count), 0),
    };
  });
}
