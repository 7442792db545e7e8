import type { RequestListener } from 'node:http';
import type { Clock } from '@faultline/chassis/clock';
import type { Logger } from '@faultline/chassis/log';
import { listen, type HttpServer } from '@faultline/chassis/server';
import type { Incident } from '@faultline/origin/model';
import { addAdminRoutes } from './admin.ts';
import type { StoreConfig } from './config.ts';
import { Router } from './http/router.ts';
import type { ApiDeps } from './jaeger/api.ts';
import { addJaegerRoutes } from './jaeger/routes.ts';
import { Journal } from './journal/journal.ts';
import { restore } from './journal/restore.ts';
import { SpanMetrics } from './metrics/span-metrics.ts';
import { Ingest } from './otlp/ingest.ts';
import { Receiver } from './otlp/receiver.ts';
import { ownMetrics } from './own-metrics.ts';
import type { SpanSink } from './sink.ts';
import { TraceStore } from './storage/trace-store.ts';

/** A block being written is on its way to the disk after so long at most. */
const SEAL_INTERVAL_MS = 1_000;
const QUERIES_MAX = 64;
const OTLP_REQUESTS_MAX = 64;

export type StoreDeps = {
  config: StoreConfig;
  clock: Clock;
  log: Logger;
  /** Told of all spans that come in, see {@link SpanSink}. */
  sinks?: readonly SpanSink[];
  /** Who broke first, as far as anybody judges that. */
  incidents?: () => readonly Incident[];
  /** Adds what else is to be served at the query address. */
  addRoutes?: (router: Router, api: ApiDeps) => void;
};

/** A store that serves. */
export type RunningStore = {
  readonly queryUrl: string;
  readonly otlpUrl: string;
  readonly adminUrl: string;
  readonly api: ApiDeps;
  /** Answers what the query address answers. */
  readonly listener: RequestListener;
  /** Resolves, when all that is to be had from earlier runs is there, to its number of spans. */
  readonly restored: Promise<number>;
  /** Lets requests end, writes out what is in memory, closes. */
  stop(): Promise<void>;
};

/** Starts a trace store; it serves before it has read what earlier runs left. */
export async function startStore(deps: StoreDeps): Promise<RunningStore> {
  const { config, clock, log, sinks = [], incidents = () => [] } = deps;
  const stopping = new AbortController();
  const journal = config.dir ? await Journal.open(journalOptions(config, log)) : undefined;
  const store = new TraceStore({
    maxBytes: config.maxBytes,
    ...(journal ? { onSealed: (...block) => journal.append(...block) } : {}),
  });
  const metrics = new SpanMetrics();
  const api: ApiDeps = { store, metrics, clock, incidents };
  const ingest = new Ingest({ store, metrics, sinks, clock });
  const receiver = new Receiver({
    ingest,
    bodyBytesMax: config.bodyMaxBytes,
    requestsMax: OTLP_REQUESTS_MAX,
    draining: () => stopping.signal.aborted,
  });
  const own = () => ownMetrics({ store, ingest, receiver, journal, maxBytes: config.maxBytes });
  const query = new Router({ log, inFlightMax: QUERIES_MAX });
  const servers = await serve(deps, { query, api, receiver, own, stopping: stopping.signal });
  const restored = journal
    ? restore(journal, { store, log, signal: stopping.signal })
    : Promise.resolve(0);
  const sealing = sealRegularly(store, clock, stopping.signal);
  return {
    queryUrl: servers.query.url,
    otlpUrl: servers.otlp.url,
    adminUrl: servers.admin.url,
    api,
    listener: query.listener,
    restored,
    async stop() {
      const deadlineMs = clock.monotonic() + config.shutdownTimeoutMs;
      stopping.abort();
      await servers.otlp.drain(deadlineMs);
      await Promise.all([sealing, restored]);
      store.seal();
      await journal?.close();
      await servers.query.drain(deadlineMs);
      await servers.admin.drain(deadlineMs);
    },
  };
}

function journalOptions({ dir = '', diskMaxBytes }: StoreConfig, log: Logger) {
  return { dir, maxBytes: diskMaxBytes, log };
}

async function serve(
  { config, clock, log, addRoutes }: StoreDeps,
  parts: {
    query: Router;
    api: ApiDeps;
    receiver: Receiver;
    own: () => ReturnType<typeof ownMetrics>;
    stopping: AbortSignal;
  },
): Promise<Record<'query' | 'otlp' | 'admin', HttpServer>> {
  const { query, api, receiver, own, stopping } = parts;
  addJaegerRoutes(query, api);
  addRoutes?.(query, api);
  // The receiver sheds by itself, with the answer that OTLP wants.
  const otlp = new Router({ log, inFlightMax: Infinity });
  otlp.add('POST', '/v1/traces', receiver.handle);
  const admin = new Router({ log, inFlightMax: QUERIES_MAX });
  addAdminRoutes(admin, { metrics: api.metrics, own, ready: () => !stopping.aborted });
  const open = (router: Router, address: StoreConfig['listenQuery']) =>
    listen(router.listener, { address, clock });
  return {
    query: await open(query, config.listenQuery),
    otlp: await open(otlp, config.listenOtlp),
    admin: await open(admin, config.listenAdmin),
  };
}

async function sealRegularly(store: TraceStore, clock: Clock, stopping: AbortSignal) {
  while (!stopping.aborted) {
    await clock.sleep(SEAL_INTERVAL_MS, stopping);
    store.seal();
    store.reclaim();
  }
}
