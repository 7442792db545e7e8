import type { ListenAddress } from '@faultline/chassis/config';

/** What the store is told by its environment, parsed. */
export type StoreConfig = {
  /** Jaeger's query API. */
  readonly listenQuery: ListenAddress;
  /** OTLP over HTTP. */
  readonly listenOtlp: ListenAddress;
  /** `/metrics`, `/livez`, `/readyz`. */
  readonly listenAdmin: ListenAddress;
  /** Where spans survive a restart; undefined keeps them in memory only. */
  readonly dir: string | undefined;
  /** What spans and their indexes may take in memory. */
  readonly maxBytes: number;
  /** What may lie on disk, for the next start. */
  readonly diskMaxBytes: number;
  /** The largest OTLP request, inflated. */
  readonly bodyMaxBytes: number;
  /**
   * The instances' metrics: a list in Prometheus' file_sd format, or a Prometheus that is asked whom
   * it scrapes. With neither the analysis goes by spans alone.
   */
  readonly targetsFile: string | undefined;
  readonly targetsUrl: string | undefined;
  /** The service that people call. */
  readonly edgeService: string;
  /** What those show who tell of changes; undefined lets nobody. */
  readonly token: string | undefined;
  /** Whether Flagger tells of changes, which shows no token: where only a cluster reaches this. */
  readonly hearsFlagger: boolean;
  /** The live console; undefined serves none. */
  readonly listenConsole: ListenAddress | undefined;
  /** Names by which the console may be called, besides this machine's own for itself. */
  readonly consoleHosts: readonly string[];
  /** What the console asks for metrics, and for what the local engine can do. */
  readonly prometheusUrl: string | undefined;
  readonly engineSocket: string | undefined;
  readonly logLevel: string;
  /** How long a stop may take. */
  readonly shutdownTimeoutMs: number;
};

type Env = Readonly<Record<string, string | undefined>>;

const MB = 1_024 * 1_024;
/** Less does not even hold the blocks being written. */
const MAX_BYTES_MIN = MB;

/**
 * Reads the environment, once: `STORE_LISTEN_QUERY` (127.0.0.1:16686), `STORE_LISTEN_OTLP`
 * (127.0.0.1:4318), `LISTEN_ADMIN` (127.0.0.1:9100), each `host:port` or `unix:/path`; `STORE_DIR`;
 * `STORE_MAX_BYTES` (16 MiB), `STORE_DISK_MAX_BYTES` (the same), `STORE_MAX_BODY_BYTES` (32 MiB);
 * `WATCH_TARGETS_FILE` or `WATCH_TARGETS_URL`, `WATCH_EDGE_SERVICE` (gateway), `WATCH_TOKEN`, `WATCH_FLAGGER` (true or false);
 * `CONSOLE_PORT` on 127.0.0.1,
 * or `CONSOLE_LISTEN` (host:port), `CONSOLE_HOSTS` (names, by commas), `PROMETHEUS_URL`,
 * `ENGINE_SOCKET`; `LOG_LEVEL` (info), `SHUTDOWN_TIMEOUT_MS` (10000).
 * @throws Error naming the variable that is wrong.
 */
export function loadConfig(env: Env = process.env): StoreConfig {
  const maxBytes = bytes(env, 'STORE_MAX_BYTES', 16 * MB);
  return {
    listenQuery: address(env, 'STORE_LISTEN_QUERY', '127.0.0.1:16686'),
    listenOtlp: address(env, 'STORE_LISTEN_OTLP', '127.0.0.1:4318'),
    listenAdmin: address(env, 'LISTEN_ADMIN', '127.0.0.1:9100'),
    dir: env['STORE_DIR'] || undefined,
    maxBytes,
    diskMaxBytes: bytes(env, 'STORE_DISK_MAX_BYTES', maxBytes),
    bodyMaxBytes: bytes(env, 'STORE_MAX_BODY_BYTES', 32 * MB),
    targetsFile: env['WATCH_TARGETS_FILE'] || undefined,
    targetsUrl: url(env, 'WATCH_TARGETS_URL'),
    edgeService: env['WATCH_EDGE_SERVICE'] || 'gateway',
    token: env['WATCH_TOKEN'] || undefined,
    hearsFlagger: flag(env, 'WATCH_FLAGGER'),
    listenConsole: consoleAddress(env),
    consoleHosts: (env['CONSOLE_HOSTS'] ?? '').split(',').flatMap((name) => name.trim() || []),
    prometheusUrl: env['PROMETHEUS_URL'] || undefined,
    engineSocket: env['ENGINE_SOCKET'] || undefined,
    logLevel: env['LOG_LEVEL'] || 'info',
    shutdownTimeoutMs: integer(env, 'SHUTDOWN_TIMEOUT_MS', 10_000),
  };
}

function consoleAddress(env: Env): ListenAddress | undefined {
  const { CONSOLE_LISTEN: whole, CONSOLE_PORT: port } = env;
  if (whole) return address(env, 'CONSOLE_LISTEN', '');
  return port ? address({ CONSOLE_PORT: `127.0.0.1:${port}` }, 'CONSOLE_PORT', '') : undefined;
}

function address(env: Env, name: string, fallback: string): ListenAddress {
  const text = env[name] || fallback;
  if (text.startsWith('unix:/')) return { path: text.slice('unix:'.length) };
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon >= 0 && /^\d{1,5}$/.test(text.slice(colon + 1)) && port <= 65_535) {
    return { host: text.slice(0, colon) || '127.0.0.1', port };
  }
  throw new Error(`${name}: read '${text}', expected host:port or unix:/path`);
}

function bytes(env: Env, name: string, fallback: number): number {
  const value = integer(env, name, fallback);
  if (value >= MAX_BYTES_MIN) return value;
  throw new Error(`${name}: read ${value}, expected at least ${MAX_BYTES_MIN} bytes`);
}

function url(env: Env, name: string): string | undefined {
  const text = env[name];
  if (!text || URL.canParse(text)) return text || undefined;
  throw new Error(`${name}: read '${text}', expected http://host:port`);
}

function flag(env: Env, name: string): boolean {
  const text = env[name] || 'false';
  if (text === 'true' || text === 'false') return text === 'true';
  throw new Error(`${name}: read '${text}', expected true or false`);
}

function integer(env: Env, name: string, fallback: number): number {
  const text = env[name] || String(fallback);
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new Error(`${name}: read '${text}', expected a whole number`);
}
