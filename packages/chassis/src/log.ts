import { currentTraceId } from '@faultline/telemetry/spans-api';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

/** Structured log; one JSON object a line, with the current trace's id. */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/** What never reaches a log line, at whatever depth, in `snake_case`, `camelCase` or `Header-Case`. */
const SECRET = /(password|secret|token|authorization|cookie|card|card_?number|email)s?$/i;
const DEPTH_MAX = 6;

/** The service's logger, on standard output unless `destination` is given. */
export function createLogger(
  config: {
    SERVICE_NAME: string;
    SERVICE_VERSION: string;
    POD_NAME: string;
    LOG_LEVEL: string;
  },
  destination?: DestinationStream,
): Logger {
  const options = {
    level: config.LOG_LEVEL,
    base: {
      service: config.SERVICE_NAME,
      version: config.SERVICE_VERSION,
      instance: config.POD_NAME,
    },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: speakable },
    serializers: { err: (error: unknown) => error },
    mixin() {
      const traceId = currentTraceId();
      return traceId ? { trace_id: traceId } : {};
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** The fields of an entry without what must not be said. */
function speakable(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      SECRET.test(name) ? '[redacted]' : speakableValue(value, depth + 1),
    ]),
  );
}

function speakableValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) return '[too deep]';
  if (value instanceof Error) return describeError(value, depth);
  if (Array.isArray(value)) return value.map((item) => speakableValue(item, depth + 1));
  // What an object says of itself in JSON is judged as any other value.
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return speakableValue(value.toJSON(), depth + 1);
  }
  return speakable({ ...value }, depth);
}

/** Only what every error has: the rest may hold whole requests, with what was sent in them. */
function describeError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return {
    type: name,
    message,
    stack,
    ...(code === undefined ? {} : { code }),
    ...(cause === undefined ? {} : { cause: speakableValue(cause, depth + 1) }),
  };
}
