import type { EdgeSample } from '../src/model.ts';

type Options = Partial<Omit<EdgeSample, 'source' | 'target' | 'latency'>> & {
  readonly instance?: string;
  readonly version?: string;
  readonly kind?: EdgeSample['target']['kind'];
  /** How long each of the replies took. */
  readonly tookMs?: number;
};

const BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** What one sidecar of `source` counted about `target` in a second: ten good replies unless said otherwise. */
export function sample(source: string, target: string, options: Options = {}): EdgeSample {
  const { instance, version, kind = 'service', tookMs = 4, ...rest } = options;
  const view = options.view ?? 'endpoint';
  const responses = options.responses ?? 10;
  const counts = BOUNDS_MS.map(() => 0).concat(0);
  const at = BOUNDS_MS.findIndex((bound) => tookMs <= bound);
  counts[at < 0 ? BOUNDS_MS.length : at] = responses;
  return {
    atMs: 0,
    periodMs: 1_000,
    view,
    source: view === 'inbound' ? { service: source } : { service: source, instance: `${source}-1` },
    target: {
      kind,
      name: target,
      ...(instance !== undefined && { instance }),
      ...(version !== undefined && { version }),
    },
    requests: responses,
    responses,
    failures: {},
    retries: 0,
    retrySuccesses: 0,
    ...(view !== 'tcp' &&
      responses > 0 && {
        latency: { boundsMs: BOUNDS_MS, counts, sumMs: responses * tookMs, count: responses },
      }),
    connectionsOpened: 0,
    connectionsClosed: 0,
    bytesRead: 0,
    bytesWritten: 0,
    ...rest,
  };
}
