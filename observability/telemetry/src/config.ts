/** What telemetry needs to know about the process it runs in. */
export type TelemetryConfig = {
  readonly disabled: boolean;
  /** Full URL that takes OTLP/HTTP traces; undefined means nothing is exported. */
  readonly tracesUrl: string | undefined;
  readonly serviceName: string;
  readonly serviceVersion: string;
  readonly serviceInstanceId: string;
  readonly serviceNamespace: string;
  readonly batchDelayMs: number;
  /** Ended spans held for export, waiting and in flight; more are dropped and counted. */
  readonly queueSpansMax: number;
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads telemetry's settings. Never throws except for a malformed number or URL, which names the
 * variable: a service without any of these variables still gets trace ids for its logs.
 */
export function readTelemetryConfig(env: Environment = process.env): TelemetryConfig {
  const serviceName = text(env, 'SERVICE_NAME') ?? 'unknown_service';
  return {
    disabled: text(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true',
    tracesUrl: tracesUrl(env),
    serviceName,
    serviceVersion: text(env, 'SERVICE_VERSION') ?? '0.0.0',
    serviceInstanceId: text(env, 'POD_NAME') ?? `${serviceName}-${process.pid}`,
    serviceNamespace: text(env, 'POD_NAMESPACE') ?? 'default',
    batchDelayMs: positiveInteger(env, 'OTEL_BSP_SCHEDULE_DELAY', 500),
    queueSpansMax: positiveInteger(env, 'OTEL_BSP_MAX_QUEUE_SIZE', 4096),
  };
}

function tracesUrl(env: Environment): string | undefined {
  const name = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const own = text(env, name);
  if (own !== undefined) return httpUrl(name, own).href;
  const base = text(env, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  if (base === undefined) return undefined;
  const url = httpUrl('OTEL_EXPORTER_OTLP_ENDPOINT', base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}

function httpUrl(name: string, value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new Error(`${name}: read "${value}", expected an http(s) URL`);
}

function positiveInteger(env: Environment, name: string, fallback: number): number {
  const value = text(env, name);
  if (value === undefined) return fallback;
  const parsed = Number(value);
  if (Number.isSafeInteger(parsed) && parsed > 0) return parsed;
  throw new Error(`${name}: read "${value}", expected a positive integer`);
}

/** Kubernetes and shells both hand over "unset" as an empty string. */
function text(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}
