import { currentTraceId } from '@faultline/telemetry/spans-api';
import { type Logger as PinoLogger, pino } from 'pino';

/** Structured log; one JSON object a line, with the current trace's id. */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/** Paths whose values never reach a log line. */
const redact = ['password', 'token', 'authorization', 'cookie', 'card', 'email'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
]);

/** The service's logger on standard output. */
export function createLogger(config: {
  SERVICE_NAME: string;
  SERVICE_VERSION: string;
  POD_NAME: string;
  LOG_LEVEL: string;
}): Logger {
  return pino({
    level: config.LOG_LEVEL,
    base: {
      service: config.SERVICE_NAME,
      version: config.SERVICE_VERSION,
      instance: config.POD_NAME,
    },
    redact: { paths: redact, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin() {
      const traceId = currentTraceId();
      return traceId ? { trace_id: traceId } : {};
    },
  });
}
