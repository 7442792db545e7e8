import type { ChangeEvent, EdgeSample, QueueSample, Topology } from '@faultline/origin/model';
import type { Scrape } from '@faultline/origin/metrics';
import { serviceOf } from '@faultline/origin/service-names';
import { PEOPLE, type Hop } from './pulses.ts';
import { RecentLatencies, RecentSums } from './recent.ts';
import type { MetricsTarget } from './targets.ts';

/** How a version takes part: its share of the requests, 0 to 1, and its instances. */
export type VersionShare = { version: string; share: number; instances: number };

export type FrameNode = Omit<Topology['nodes'][number], 'versions' | 'instances'> & {
  versions: VersionShare[];
  instances: number;
  ready: number;
  /** Of one processor core, the busiest instance's; absent where nobody tells. */
  busy?: number;
  /** Of a queue: entries that wait. */
  waiting?: number;
};

export type FrameEdge = Topology['edges'][number] & {
  kind: 'http' | 'tcp' | 'async';
  p95Ms?: number;
  /** Whether all calls lately proved both ends; absent where nobody tells. */
  mtls?: boolean;
};

/** The system at one moment, as the console draws it: the topology with all that stands on it. */
export type Frame = { atMs: number; nodes: FrameNode[]; edges: FrameEdge[] };

type Busy = { atMs: number; cpuSeconds: number; share: number };

const STALE_MS = 10_000;
const INSTANCES_MAX = 1_000;

/** Gathers what the analysis does not need and the console shows. */
export class Details {
  readonly #latencies = new RecentLatencies();
  readonly #served = new RecentSums();
  readonly #hops = new RecentSums();
  readonly #failedHops = new RecentSums();
  /** What came in at a service's sidecar, and what its own spans tell of who is nobody's service. */
  readonly #counted = new RecentSums();
  readonly #visits = new RecentSums();
  readonly #failedVisits = new RecentSums();
  readonly #waiting = new Map<string, number>();
  readonly #consumers = new Map<string, { queue: string; service: string }>();
  readonly #producers = new Map<string, { service: string; queue: string }>();
  readonly #mutual = new Map<string, boolean>();
  readonly #busy = new Map<string, Busy>();
  readonly #versions = new Map<string, string>();
  readonly #ready = new Map<string, boolean>();
  #present: ReadonlySet<string> | undefined;

  addEdges(samples: readonly EdgeSample[]): void {
    for (const { view, source, target, latency, atMs, requests } of samples) {
      if (view === 'endpoint' && latency) {
        this.#latencies.add(`${source.service} ${target.name}`, atMs, latency);
      }
      if (view !== 'inbound' || requests === 0) continue;
      this.#counted.add(target.name, atMs, requests);
      if (target.version !== undefined) {
        this.#served.add(`${target.name} ${target.version}`, atMs, requests);
      }
    }
  }

  addQueues(samples: readonly QueueSample[]): void {
    for (const { queue, service, lag, pending, group } of samples) {
      if (queue.startsWith('outbox of ')) continue;
      this.#waiting.set(queue, lag + pending);
      if (group !== undefined || queue.startsWith('jobs of ')) {
        this.#consumers.set(`${queue} ${service}`, { queue, service });
      }
    }
  }

  addHops(hops: readonly Hop[], atMs: number): void {
    for (const { from, to, count, failed, isAsync } of hops) {
      if (from === PEOPLE) {
        this.#visits.add(to, atMs, count);
        this.#failedVisits.add(to, atMs, failed);
      }
      if (!isAsync) continue;
      this.#hops.add(`${from} ${to}`, atMs, count);
      this.#failedHops.add(`${from} ${to}`, atMs, failed);
      // A stream's name is no service's: who has a version is a service.
      const isConsumed = this.#consumers.has(`${from} ${to}`);
      if (!isConsumed && this.#waiting.has(to)) {
        this.#producers.set(`${from} ${to}`, { service: from, queue: to });
      }
    }
  }

  /** Looks at what a scrape says besides calls: identity on the wire, and how busy a process is. */
  addScrape({ kind, service, instance, version }: MetricsTarget, scrape: Scrape): void {
    if (version !== undefined) this.#versions.set(instance, version);
    if (this.#versions.size > INSTANCES_MAX) this.#versions.clear();
    if (kind === 'sidecar') return this.#noteIdentity(service, scrape);
    const cpu = scrape.samples.find(({ name }) => name === 'process_cpu_seconds_total');
    if (!cpu) return;
    const before = this.#busy.get(instance);
    const seconds = before ? (scrape.atMs - before.atMs) / 1_000 : 0;
    const share = before && seconds > 0 ? (cpu.value - before.cpuSeconds) / seconds : 0;
    if (this.#busy.size > INSTANCES_MAX) this.#busy.clear();
    this.#busy.set(instance, {
      atMs: scrape.atMs,
      cpuSeconds: cpu.value,
      share: Math.min(1, Math.max(0, share)),
    });
  }

  /** Says which instances there are, where nobody tells that one has stopped. */
  setPresent(instances: ReadonlySet<string>): void {
    this.#present = instances;
  }

  addChange({ kind, instance, state, version }: ChangeEvent): void {
    if (kind !== 'instance' || instance === undefined) return;
    if (state === 'stopped') {
      for (const known of [this.#ready, this.#versions, this.#busy]) known.delete(instance);
      return;
    }
    if (version !== undefined) this.#versions.set(instance, version);
    if (this.#ready.size > INSTANCES_MAX) this.#ready.clear();
    this.#ready.set(instance, state === 'ready');
  }

  /** The topology with what is known besides. */
  frame(topology: Topology): Frame {
    const { atMs } = topology;
    const shares = this.#served.rates(atMs);
    const around = this.#aroundSidecars(atMs);
    const kinds = new Map(topology.nodes.map(({ name, kind }) => [name, kind]));
    const nodes = topology.nodes
      .filter(({ name }) => !name.startsWith('outbox of '))
      .map((node) => ({ ...this.#node(node, { shares, atMs }), ...around.get(node.name) }));
    const calls = topology.edges.map((edge): FrameEdge => {
      const key = `${edge.from} ${edge.to}`;
      const p50Ms = this.#latencies.quantile(key, 0.5, atMs);
      const p95Ms = this.#latencies.quantile(key, 0.95, atMs);
      const mtls = this.#mutual.get(key);
      return {
        ...edge,
        kind: kinds.get(edge.to) === 'store' ? 'tcp' : 'http',
        ...(p50Ms !== undefined && { p50Ms }),
        ...(p95Ms !== undefined && { p95Ms }),
        ...(mtls !== undefined && { mtls }),
      };
    });
    return { atMs, nodes, edges: [...calls, ...this.#asyncEdges(atMs)] };
  }

  #node(
    { versions, instances: seen, ...node }: Topology['nodes'][number],
    { shares, atMs }: { shares: ReadonlyMap<string, number>; atMs: number },
  ): FrameNode {
    const instances = seen.filter((instance) => this.#present?.has(instance) ?? true);
    const counts = new Map(versions.map((version) => [version, 0]));
    for (const instance of instances) {
      const version = this.#versions.get(instance);
      if (version !== undefined) counts.set(version, (counts.get(version) ?? 0) + 1);
    }
    const rates = [...counts.keys()].map((version) => shares.get(`${node.name} ${version}`) ?? 0);
    const total = rates.reduce((sum, rate) => sum + rate, 0);
    const busy = instances.flatMap((instance) => {
      const known = this.#busy.get(instance);
      return known && atMs - known.atMs < STALE_MS ? known.share : [];
    });
    const waiting = this.#waiting.get(node.name);
    return {
      ...node,
      versions: [...counts].map(([version, count], at) => ({
        version,
        share: total > 0 ? (rates[at] ?? 0) / total : counts.size === 1 ? 1 : 0,
        instances: count,
      })),
      instances: instances.length,
      ready: instances.filter((instance) => this.#ready.get(instance) !== false).length,
      ...(busy.length > 0 && { busy: Math.max(...busy) }),
      ...(waiting !== undefined && { waiting }),
    };
  }

  /**
   * Services that people reach around their sidecars, as through a forwarded port: what spans tell of
   * them. Those whose sidecars have seen as much are not among them.
   */
  #aroundSidecars(atMs: number): Map<string, Pick<FrameNode, 'requestsPerSecond' | 'errorShare'>> {
    const counted = this.#counted.rates(atMs);
    const failed = this.#failedVisits.rates(atMs);
    const around = [...this.#visits.rates(atMs)].filter(
      ([name, perSecond]) => perSecond > (counted.get(name) ?? 0) * 1.1,
    );
    return new Map(
      around.map(([name, requestsPerSecond]) => [
        name,
        { requestsPerSecond, errorShare: (failed.get(name) ?? 0) / requestsPerSecond },
      ]),
    );
  }

  #asyncEdges(atMs: number): FrameEdge[] {
    const rates = this.#hops.rates(atMs);
    const failures = this.#failedHops.rates(atMs);
    const pairs = [
      ...[...this.#producers.values()].map(({ service, queue }) => [service, queue] as const),
      ...[...this.#consumers.values()].map(({ service, queue }) => [queue, service] as const),
    ];
    return pairs.map(([from, to]) => {
      const perSecond = rates.get(`${from} ${to}`) ?? 0;
      return {
        from,
        to,
        kind: 'async',
        requestsPerSecond: perSecond,
        errorShare: perSecond > 0 ? (failures.get(`${from} ${to}`) ?? 0) / perSecond : 0,
        retriesPerSecond: 0,
        openBreakers: 0,
      };
    });
  }

  #noteIdentity(service: string, { samples }: Scrape): void {
    const plain = new Map<string, boolean>();
    for (const { name, labels } of samples) {
      const { direction, dst_service: part, tls } = labels;
      if (name !== 'request_total' || direction !== 'outbound' || part === undefined) continue;
      const to = serviceOf(part);
      plain.set(to, (plain.get(to) ?? true) && tls === 'true');
    }
    for (const [to, isMutual] of plain) this.#mutual.set(`${service} ${to}`, isMutual);
    if (this.#mutual.size > INSTANCES_MAX) this.#mutual.clear();
  }
}
