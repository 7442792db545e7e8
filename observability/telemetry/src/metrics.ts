/**
 * What a metric is called, what it says and how it is split. Shaped to be spread into prom-client's
 * constructors.
 */
export type MetricSpec = {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds, ascending, in the unit of the name. */
  readonly buckets?: readonly number[];
};

/** From a cached answer to a caller's deadline. */
const REQUEST_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** From one thumbnail to the largest picture on a busy machine. */
const JOB_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

/**
 * Every metric a service exposes, declared once. Labels take few values: routes are patterns, never
 * paths; no ids. Which service and instance a sample is from is the scraper's to say.
 */
export const METRICS = {
  httpServerDuration: {
    type: 'histogram',
    name: 'http_server_request_duration_seconds',
    help: 'Duration of requests served, from the first header to the last byte.',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_SECONDS,
  },
  httpServerInFlight: {
    type: 'gauge',
    name: 'http_server_requests_in_flight',
    help: 'Requests being served now.',
    labelNames: [],
  },
  httpClientDuration: {
    type: 'histogram',
    name: 'http_client_request_duration_seconds',
    help: 'Duration of requests to neighbours; status_class is 2xx to 5xx, refused or unknown.',
    labelNames: ['peer', 'method', 'status_class'],
    buckets: REQUEST_SECONDS,
  },
  dependencyUp: {
    type: 'gauge',
    name: 'dependency_up',
    help: 'Whether what the service depends on answers: 1, or 0 when it fails or takes too long.',
    labelNames: ['dependency'],
  },
  pgPoolConnections: {
    type: 'gauge',
    name: 'pg_pool_connections',
    help: 'Connections to PostgreSQL that are open.',
    labelNames: [],
  },
  pgPoolIdleConnections: {
    type: 'gauge',
    name: 'pg_pool_idle_connections',
    help: 'Open connections to PostgreSQL that nobody uses.',
    labelNames: [],
  },
  pgPoolWaitingRequests: {
    type: 'gauge',
    name: 'pg_pool_waiting_requests',
    help: 'Requests that wait for a connection to PostgreSQL.',
    labelNames: [],
  },
  outboxPending: {
    type: 'gauge',
    name: 'outbox_pending_events',
    help: 'Events written and not yet published.',
    labelNames: [],
  },
  outboxOldestAge: {
    type: 'gauge',
    name: 'outbox_oldest_pending_age_seconds',
    help: 'Age of the oldest event that is not yet published; 0 when there is none.',
    labelNames: [],
  },
  outboxPublished: {
    type: 'counter',
    name: 'outbox_published_total',
    help: 'Events published.',
    labelNames: ['stream', 'event_type'],
  },
  outboxFailures: {
    type: 'counter',
    name: 'outbox_publish_failures_total',
    help: 'Attempts to publish that failed; the events are tried again.',
    labelNames: [],
  },
  consumerLag: {
    type: 'gauge',
    name: 'stream_consumer_lag_entries',
    help: 'Entries of the stream that the group has not yet been given.',
    labelNames: ['stream', 'group'],
  },
  consumerPending: {
    type: 'gauge',
    name: 'stream_consumer_pending_entries',
    help: 'Entries given to the group and not yet acknowledged.',
    labelNames: ['stream', 'group'],
  },
  consumerHandled: {
    type: 'counter',
    name: 'stream_consumer_handled_total',
    help: 'Events handled; the result is applied, duplicate (no effect) or skipped.',
    labelNames: ['stream', 'group', 'event_type', 'result'],
  },
  consumerDuration: {
    type: 'histogram',
    name: 'stream_consumer_handle_duration_seconds',
    help: 'Time to handle one event.',
    labelNames: ['stream', 'group', 'event_type'],
    buckets: REQUEST_SECONDS,
  },
  consumerDeadLettered: {
    type: 'counter',
    name: 'stream_consumer_dead_lettered_total',
    help: 'Events given up and moved to the dead-letter stream.',
    labelNames: ['stream', 'group'],
  },
  consumerRedelivered: {
    type: 'counter',
    name: 'stream_consumer_redelivered_total',
    help: 'Events handled once more after a failure or a crash.',
    labelNames: ['stream', 'group'],
  },
  sagaSteps: {
    type: 'counter',
    name: 'saga_steps_total',
    help: 'Steps of sagas that ended; the result is done, failed, compensated or unknown.',
    labelNames: ['saga', 'step', 'result'],
  },
  sagaInFlight: {
    type: 'gauge',
    name: 'saga_in_flight',
    help: 'Sagas begun and not yet ended.',
    labelNames: ['saga'],
  },
  idempotencyRequests: {
    type: 'counter',
    name: 'idempotency_requests_total',
    help: 'Keyed requests; the result is executed, replayed, in_progress or mismatch.',
    labelNames: ['result'],
  },
  jobsQueued: {
    type: 'gauge',
    name: 'jobs_queued',
    help: 'Jobs that wait to be run.',
    labelNames: ['kind'],
  },
  jobDuration: {
    type: 'histogram',
    name: 'job_duration_seconds',
    help: 'Time to run one job; the result is done, rejected (bad input) or failed.',
    labelNames: ['kind', 'result'],
    buckets: JOB_SECONDS,
  },
  rateLimitDecisions: {
    type: 'counter',
    name: 'rate_limit_decisions_total',
    help: 'Requests the limiter judged; failed_open when it could not be asked.',
    labelNames: ['limit', 'decision'],
  },
  spansDropped: {
    type: 'counter',
    name: 'telemetry_spans_dropped_total',
    help: 'Spans lost because the queue was full or the collector did not take them.',
    labelNames: [],
  },
} as const satisfies Readonly<Record<string, MetricSpec>>;
