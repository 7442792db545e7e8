import { droppedSpans } from '@faultline/telemetry/flush';
import { METRICS, type MetricSpec } from '@faultline/telemetry/metrics';
import type { Redis } from 'ioredis';
import type pg from 'pg';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { groupLag } from './streams.ts';

/** Requests served, by route pattern. */
export type HttpMetrics = {
  /** Counts a request as in flight; the result ends and records it. */
  started(): (end: { method: string; route: string; status: number; durationMs: number }) => void;
};

/** Requests to neighbours. `status` is a number or `error`. */
export type ClientMetrics = {
  finished(call: { peer: string; method: string; status: string; durationMs: number }): void;
};

export type OutboxMetrics = {
  published(stream: string, type: string): void;
  failed(): void;
  backlog(backlog: { pending: number; oldestAgeSeconds: number }): void;
};

export type ConsumerMetrics = {
  handled(event: {
    stream: string;
    group: string;
    type: string;
    result: string;
    durationMs: number;
  }): void;
  retried(stream: string, group: string): void;
  buried(stream: string, group: string): void;
  observeLag(consumer: { redis: Redis; stream: string; group: string }): Promise<void>;
};

/** What the process depends on. */
export type DependencyMetrics = {
  answered(dependency: { name: string; up: boolean }): void;
};

/** A process's instruments. Everything a service measures is declared in the telemetry package. */
export type Metrics = {
  readonly registry: Registry;
  readonly http: HttpMetrics;
  readonly client: ClientMetrics;
  readonly outbox: OutboxMetrics;
  readonly consumer: ConsumerMetrics;
  readonly dependencies: DependencyMetrics;
  /** Reports the pool's connections at each scrape. */
  watchPool(pool: pg.Pool): void;
  counter(spec: MetricSpec): Counter;
  gauge(spec: MetricSpec): Gauge;
  histogram(spec: MetricSpec): Histogram;
};

/** Instruments on a registry of their own, with the process's default metrics. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const factory = {
    registry,
    counter: (spec: MetricSpec) => new Counter({ ...base(spec), registers: [registry] }),
    gauge: (spec: MetricSpec) => new Gauge({ ...base(spec), registers: [registry] }),
    histogram: (spec: MetricSpec) =>
      new Histogram({
        ...base(spec),
        registers: [registry],
        ...(spec.buckets ? { buckets: [...spec.buckets] } : {}),
      }),
  };
  watchSpans(registry);
  return {
    ...factory,
    http: httpMetrics(factory),
    client: clientMetrics(factory),
    outbox: outboxMetrics(factory),
    consumer: consumerMetrics(factory),
    dependencies: dependencyMetrics(factory),
    watchPool: (pool) => watchPool(factory, pool),
  };
}

type Factory = Pick<Metrics, 'counter' | 'gauge' | 'histogram'>;

function base(spec: MetricSpec): { name: string; help: string; labelNames: string[] } {
  return { name: spec.name, help: spec.help, labelNames: [...spec.labelNames] };
}

function watchSpans(registry: Registry): void {
  const dropped = new Counter({
    ...base(METRICS.spansDropped),
    registers: [registry],
    collect() {
      dropped.reset();
      dropped.inc(droppedSpans());
    },
  });
}

function httpMetrics(factory: Factory): HttpMetrics {
  const duration = factory.histogram(METRICS.httpServerDuration);
  const inFlight = factory.gauge(METRICS.httpServerInFlight);
  return {
    started() {
      inFlight.inc();
      return ({ method, route, status, durationMs }) => {
        inFlight.dec();
        duration.observe({ method, route, status: String(status) }, durationMs / 1_000);
      };
    },
  };
}

function clientMetrics(factory: Factory): ClientMetrics {
  const duration = factory.histogram(METRICS.httpClientDuration);
  return {
    finished({ peer, method, status, durationMs }) {
      const statusClass = /^\d{3}$/.test(status) ? `${status[0]}xx` : status;
      duration.observe({ peer, method, status_class: statusClass }, durationMs / 1_000);
    },
  };
}

function outboxMetrics(factory: Factory): OutboxMetrics {
  const published = factory.counter(METRICS.outboxPublished);
  const failures = factory.counter(METRICS.outboxFailures);
  const pending = factory.gauge(METRICS.outboxPending);
  const age = factory.gauge(METRICS.outboxOldestAge);
  return {
    published: (stream, type) => published.inc({ stream, event_type: type }),
    failed: () => failures.inc(),
    backlog(backlog) {
      pending.set(backlog.pending);
      age.set(backlog.oldestAgeSeconds);
    },
  };
}

function consumerMetrics(factory: Factory): ConsumerMetrics {
  const handled = factory.counter(METRICS.consumerHandled);
  const duration = factory.histogram(METRICS.consumerDuration);
  const redelivered = factory.counter(METRICS.consumerRedelivered);
  const dead = factory.counter(METRICS.consumerDeadLettered);
  const lagGauge = factory.gauge(METRICS.consumerLag);
  const pendingGauge = factory.gauge(METRICS.consumerPending);
  return {
    handled({ stream, group, type, result, durationMs }) {
      handled.inc({ stream, group, event_type: type, result });
      duration.observe({ stream, group, event_type: type }, durationMs / 1_000);
    },
    retried: (stream, group) => redelivered.inc({ stream, group }),
    buried: (stream, group) => dead.inc({ stream, group }),
    async observeLag({ redis, stream, group }) {
      const { lag, pending } = await groupLag(redis, stream, group);
      lagGauge.set({ stream, group }, lag);
      pendingGauge.set({ stream, group }, pending);
    },
  };
}

function dependencyMetrics(factory: Factory): DependencyMetrics {
  const up = factory.gauge(METRICS.dependencyUp);
  return {
    answered: (dependency) => up.set({ dependency: dependency.name }, Number(dependency.up)),
  };
}

function watchPool(factory: Factory, pool: pg.Pool): void {
  const total = factory.gauge(METRICS.pgPoolConnections);
  const idle = factory.gauge(METRICS.pgPoolIdleConnections);
  const waiting = factory.gauge(METRICS.pgPoolWaitingRequests);
  const update = () => {
    total.set(pool.totalCount);
    idle.set(pool.idleCount);
    waiting.set(pool.waitingCount);
  };
  for (const event of ['connect', 'acquire', 'release', 'remove'] as const) pool.on(event, update);
}
