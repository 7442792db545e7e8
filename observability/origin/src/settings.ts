/** What the analysis is tuned by. Times are milliseconds. */
export type Settings = {
  /** How far back evidence counts. */
  readonly windowMs: number;
  /** How much evidence names an origin: natural logarithm of how much better it explains what is seen. */
  readonly nameAt: number;
  /** Failures and slow calls to be expected of a healthy hop, as shares. */
  readonly usualFailures: number;
  readonly usualSlow: number;
  /** What is expected at the least of a hop that has not failed for long. */
  readonly rareFailures: number;
  /** A failed call whose server span has not come after this long never reached its server. */
  readonly graceMs: number;
  /** Evidence of slowness that does not last is a pause, not a fault. */
  readonly lastingMs: number;
  /** Beyond this a single call is slow for no usual reason. */
  readonly verySlowMs: number;
  /** An instance that has just started may be slow. */
  readonly warmUpMs: number;
  /** One that has started no longer ago is slow in its first calls. */
  readonly freshMs: number;
  /** Nothing is named for so long after the first span, when a system starts … */
  readonly learningMs: number;
  /** … nor for so long after the first request from outside. */
  readonly settlingMs: number;
  /** Samples of an operation before its latency is judged. */
  readonly learntAt: number;
  /** An incident without new evidence for this long is over. */
  readonly quietMs: number;
  readonly tracesMax: number;
  readonly spansPerTraceMax: number;
  /** Of all traces together, those of sidecars included: what bounds the memory. */
  readonly spansMax: number;
  readonly incidentsKept: number;
  /** What stores are called, by `db.system.name`. */
  readonly storeNames: Readonly<Record<string, string>>;
};

export const SETTINGS: Settings = {
  windowMs: 12_000,
  nameAt: 8.5,
  usualFailures: 0.008,
  usualSlow: 0.03,
  rareFailures: 0.002,
  graceMs: 1_100,
  lastingMs: 1_000,
  verySlowMs: 900,
  warmUpMs: 8_000,
  freshMs: 3_000,
  learningMs: 20_000,
  settlingMs: 5_000,
  learntAt: 25,
  quietMs: 8_000,
  tracesMax: 6_000,
  spansPerTraceMax: 400,
  spansMax: 40_000,
  incidentsKept: 200,
  storeNames: { postgresql: 'postgres', redis: 'redis' },
};
